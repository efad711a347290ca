extension Executor {
  /// Returns whether the aggregate has an event of this type.
  ///
  /// - Throws: The errors of ``read(_:routingKey:args:)``.
  public func hasEvent<Data: AggregateEvent>(_ type: Data.Type, _ id: String) async throws -> Bool {
    let page = try await read([Data.filter(id: id)], routingKey: .all, args: .backward(last: 1))
    return !page.edges.isEmpty
  }

  /// Returns the current version of an aggregate, or `nil` if it does not exist.
  ///
  /// - Throws: The errors of ``read(_:routingKey:args:)``.
  public func version<Kind: Aggregate>(of kind: Kind.Type, _ id: String) async throws -> Int? {
    let page = try await read(
      [ReadAggregator(Kind.aggregatorType, id: id)], routingKey: .all, args: .backward(last: 1))
    return page.edges.last?.node.version
  }
}
