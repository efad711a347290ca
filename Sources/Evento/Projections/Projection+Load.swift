extension Projection {
  /// Reads all events of the aggregate and folds them.
  ///
  /// - Returns: The state, or `nil` if there are no events. If a due snapshot could not be saved,
  ///   ``LoadedAggregate/snapshotFailure`` says why.
  /// - Throws: `invalid_request` if events of another kind are handled but no aggregate of that kind is added;
  ///   `undecodable_payload`; `unhandled_event` with ``safetyCheck()``; the errors of handlers and of reading;
  ///   `CancellationError`.
  /// - Complexity: O(*n*) in the number of events since the last snapshot.
  public func load(_ id: String, from store: any Executor) async throws -> LoadedAggregate<Kind, State>? {
    if let start = try await restored(id, from: store) {
      do {
        return try await fold(id, from: start, store)
      } catch let error as EventoError where error.code == .cursorNotInHistory {
        // The store has fewer events than the snapshot, for example because it was restored from an older backup.
      }
    }
    return try await fold(id, from: Progress(state: initial), store)
  }

  /// Loads the aggregate that several ids identify together: see ``hashIDs(_:)``.
  public func load(ids: [String], from store: any Executor) async throws -> LoadedAggregate<Kind, State>? {
    try await load(hashIDs(ids), from: store)
  }

  private struct Progress {
    var state: State
    var version = 0
    var cursor: Cursor?
    /// The number of events folded since the snapshot, or the beginning.
    var count = 0
  }

  private func fold(
    _ id: String, from start: Progress, _ store: any Executor
  ) async throws -> LoadedAggregate<Kind, State>? {
    var progress = start
    let context = ProjectionContext(id: id, coder: coder, shared: shared)
    let aggregate = AggregateKey(type: Kind.aggregatorType, id: id)
    let filters = try filters(id)
    try Task.checkCancellation()
    var page = try await Self.page(after: progress.cursor, filters, store)
    while true {
      let end = page.pageInfo.endCursor ?? progress.cursor
      progress.cursor = end
      guard page.pageInfo.hasNextPage else {
        try apply(page.edges, to: &progress, aggregate, context)
        break
      }
      // Read while this one is folded. Its error counts after the errors of handlers, which end its read.
      async let next = Self.page(after: end, filters, store)
      try apply(page.edges, to: &progress, aggregate, context)
      page = try await next
      try Task.checkCancellation()
    }
    guard let cursor = progress.cursor, start.cursor != nil || progress.count > 0 else { return nil }
    var loaded = LoadedAggregate<Kind, State>(id: id, state: progress.state, version: progress.version, cursor: cursor)
    if let snapshots, progress.count >= snapshots.interval {
      do {
        try await keep(loaded, snapshots, in: store)
      } catch {
        // The state is correct nevertheless, and a read-only store is usable.
        loaded.snapshotFailure = EventoError(wrapping: error)
      }
    }
    return loaded
  }

  private static func page(
    after cursor: Cursor?, _ filters: [ReadAggregator], _ store: any Executor
  ) async throws -> ReadResult<Event> {
    try await store.read(
      filters, routingKey: .all,
      args: .forward(first: pageSize, after: cursor.map(Args.Start.after) ?? .beginning))
  }

  /// - Parameter aggregate: The aggregate that is loaded.
  private func apply(
    _ edges: [Edge<Event>], to progress: inout Progress, _ aggregate: AggregateKey, _ context: ProjectionContext
  ) throws {
    for edge in edges {
      let event = edge.node
      switch handlers.choice(for: event) {
      case .skip: break
      case _ where event.isErased && erasedHandler != nil: try erasedHandler?(&progress.state, event, context)
      case .handle(let handler): try handler(&progress.state, event, context)
      case nil where checksSafety:
        throw EventoError.unhandled(event, by: "The projection of \(Kind.aggregatorType) into \(State.self)")
      case nil: break
      }
      progress.count += 1
      if event.aggregate == aggregate { progress.version = event.version }
    }
  }

  /// Returns filters for all events of the aggregate and of the added ones, because the version counts every event,
  /// handled or not. Of other kinds that are read as a whole: the handled events, or all with a safety check.
  private func filters(_ id: String) throws -> [ReadAggregator] {
    let whole = [ReadAggregator(Kind.aggregatorType, id: id)] + related
    var filters: [ReadAggregator] = []
    for type in handlers.aggregatorTypes {
      guard wholeKinds.contains(Name(checked: type)) else {
        if whole.contains(where: { $0.aggregatorType.isExactly(type) }) { continue }
        throw EventoError(
          .invalidRequest,
          "The projection of \(Kind.aggregatorType) into \(State.self) handles events of \(type). Name the "
            + "aggregate with aggregate(_:_:), or read all of them with everyAggregate(_:).")
      }
      if !checksSafety, let names = handlers.names(of: type) {
        filters += names.map { ReadAggregator(type, name: $0) }
      } else {
        filters.append(ReadAggregator(type))
      }
    }
    return whole + filters
  }

  private static var pageSize: Int { 1000 }

  // MARK: Snapshots

  private func restored(_ id: String, from store: any Executor) async throws -> Progress? {
    guard let snapshots, let snapshot = try await store.getSnapshot(snapshotKey(id, snapshots)),
      let kept = try? snapshots.decode(snapshot.data, coder)
    else { return nil }
    return Progress(state: kept.state, version: kept.version, cursor: snapshot.cursor)
  }

  private func keep(
    _ loaded: LoadedAggregate<Kind, State>, _ snapshots: SnapshotPolicy<State>, in store: any Executor
  ) async throws {
    let payload: Payload
    do {
      payload = try snapshots.encode(loaded.state, loaded.version, coder)
    } catch {
      throw EventoError.unencodable(State.self, error)
    }
    try await store.saveSnapshot(snapshotKey(loaded.id, snapshots), Snapshot(data: payload, cursor: loaded.cursor))
  }

  /// Returns the key of a snapshot. A state of several aggregates is saved under the hash of all their ids.
  private func snapshotKey(_ id: String, _ snapshots: SnapshotPolicy<State>) -> SnapshotKey {
    let others = related.flatMap { [$0.aggregatorType, $0.aggregatorID ?? ""] }
    return SnapshotKey(
      type: snapshots.type, revision: revision, id: others.isEmpty ? id : hashIDs([id] + others))
  }
}

/// The state that a projection has loaded. You can access its members directly, as in `account.balance`. A member with
/// the name of one of this type is accessible through ``state``.
@dynamicMemberLookup
public struct LoadedAggregate<Kind: Aggregate, State: Sendable>: Sendable {
  /// The aggregate's id.
  public let id: String
  public let state: State
  /// The aggregate's version, counting all its events; 0 if it has none and the state is of other aggregates only.
  public let version: Int
  /// The position up to which the log was read.
  public let cursor: Cursor
  /// The error with which a due snapshot could not be saved, for example to log it: the store refused it (a read-only
  /// token, a full disk), or the state can't be encoded. `nil` if it was saved, or none was due.
  ///
  /// The state is correct nevertheless. The next load folds the same events again.
  public internal(set) var snapshotFailure: EventoError?

  /// Returns a builder for the loaded version: the commit fails with `invalid_original_version` if the aggregate has
  /// changed since.
  public func aggregate() -> AggregateBuilder<Kind> {
    AggregateBuilder(id: id).originalVersion(version)
  }

  public subscript<Member>(dynamicMember path: KeyPath<State, Member>) -> Member { state[keyPath: path] }
}

extension LoadedAggregate: Equatable where State: Equatable {}
