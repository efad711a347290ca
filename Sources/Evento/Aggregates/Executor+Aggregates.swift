extension Executor {
  /// Whether an event of this type has happened to the aggregate.
  ///
  /// - Throws: what ``read(_:routingKey:args:)`` throws.
  public func hasEvent<Data: AggregateEvent>(_ type: Data.Type, _ id: String) async throws -> Bool {
    let page = try await read([Data.filter(id: id)], routingKey: .all, args: .backward(last: 1))
    return !page.edges.isEmpty
  }

  /// The aggregate's version, or `nil` where it is not there.
  ///
  /// - Throws: what ``read(_:routingKey:args:)`` throws.
  public func version<Kind: Aggregate>(of kind: Kind.Type, _ id: String) async throws -> Int? {
    let page = try await read(
      [ReadAggregator(Kind.aggregatorType, id: id)], routingKey: .all, args: .backward(last: 1))
    return page.edges.last?.node.version
  }
}
