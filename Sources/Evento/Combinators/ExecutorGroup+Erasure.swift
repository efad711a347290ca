// The events of an aggregate may be in any member, and the group's snapshots are in the first.

extension ExecutorGroup {
  /// Erases an aggregate in every member that has events of it, one after the other: a reader may see it erased in some
  /// of them. Call it again after an error.
  ///
  /// - Throws: `not_implemented` if there are types of snapshots, but only members after the first one have events of the
  ///   aggregate: a store erases the snapshots of its own aggregates.
  @discardableResult
  public func eraseAggregate(type: String, id: String, snapshotTypes types: [String]) async throws -> ErasureResult {
    var total = try await Self.erasure(of: type, id, types, in: first)
    if total == nil, members.count > 1, !types.isEmpty, try await othersHaveEvents(of: type, id) {
      throw EventoError(
        .notImplemented,
        "The first store of this group has no events of \(type) \"\(id)\", so its snapshots can't be erased with them. "
          + "Delete the snapshots, then erase without types of snapshots.")
    }
    for member in members.dropFirst() {
      guard let result = try await Self.erasure(of: type, id, types, in: member) else { continue }
      total = ErasureResult(
        events: (total?.events ?? 0) + result.events, snapshots: (total?.snapshots ?? 0) + result.snapshots)
    }
    guard let total else { throw EventoError.aggregatorNotFound(type: type, id: id) }
    return total
  }

  /// - Returns: `nil` if the member has no events of the aggregate.
  private static func erasure(
    of type: String, _ id: String, _ types: [String], in member: any Executor
  ) async throws -> ErasureResult? {
    do {
      return try await member.eraseAggregate(type: type, id: id, snapshotTypes: types)
    } catch let error as EventoError where error.code == .aggregatorNotFound {
      return nil
    }
  }

  private func othersHaveEvents(of type: String, _ id: String) async throws -> Bool {
    try await fromEach(of: members.indices.dropFirst()) { _, member throws in
      let page = try await member.read(
        [ReadAggregator(type, id: id)], routingKey: .all, args: .forward(first: 1, after: .beginning))
      return !page.edges.isEmpty
    }.contains(true)
  }
}
