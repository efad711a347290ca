package import Evento
internal import EventoStorage

/// The store of an import: a database, or one behind a gateway.
package struct ImportTarget: Sendable {
  let store: any Executor
  /// The store, if it is a database; `nil` behind a gateway.
  private let database: (any DatabaseStore)?
  /// The name of the store in errors.
  let name: String
  /// The name of the source in errors.
  let source: SourceName

  package init(_ store: any Executor, name: String, source: SourceName) {
    self.store = store
    database = store as? any DatabaseStore
    self.name = name
    self.source = source
  }

  /// The limit of a write, in bytes of payloads and metadata: with payloads in base64, it is less than the 16 MiB that a
  /// gateway accepts.
  static let writeBytes = 6 << 20

  func write(_ events: ArraySlice<NumberedEvent>) async throws -> WriteResult {
    if database == nil, let erased = events.first(where: \.event.isErased) { throw needsDatabase(erased.number) }
    return try await store.write(events.map { NewEvent(stored: $0.event) })
  }

  /// Erases events that were erased in the exported store after they were imported.
  ///
  /// - Parameter number: The number of the last one in the source.
  func erase(_ positions: [Int], _ number: Int) async throws {
    guard let database else { throw needsDatabase(number) }
    try await database.eraseEvents(at: positions)
  }

  private func needsDatabase(_ number: Int) -> EventoError {
    EventoError(
      .invalidRequest,
      "\(source.place(number)): the event is erased, and a gateway can't be sent erased events. Import with --database."
    )
  }

  var noRows: EventoError {
    EventoError(
      .invalidRequest, "\(source.name) has no subscribers and snapshots. Leave --all out, or export with --all.")
  }

  // MARK: Subscribers and snapshots

  func put(_ rows: [ImportedRow<Subscriber>]) async throws {
    guard !rows.isEmpty else { return }
    var subscribers: [Subscriber] = []
    for row in rows {
      let subscriber = row.row
      subscribers.append(
        Subscriber(
          key: subscriber.key, workerID: subscriber.workerID, cursor: try await cursor(of: row),
          lag: subscriber.lag, isEnabled: subscriber.isEnabled, createdAt: subscriber.createdAt,
          updatedAt: subscriber.updatedAt))
    }
    if let database { return try await database.importSubscribers(subscribers) }
    for subscriber in subscribers {
      try await store.upsertSubscriber(subscriber.key, workerID: subscriber.workerID)
      let stored = try await store.acknowledge(
        subscriber.key, cursor: subscriber.cursor, lag: subscriber.lag, workerID: nil)
      // It needs another role.
      guard stored.isEnabled != subscriber.isEnabled else { continue }
      try await store.setSubscriberEnabled(subscriber.key, subscriber.isEnabled)
    }
  }

  func put(_ rows: [ImportedRow<KeyedSnapshot>]) async throws {
    guard !rows.isEmpty else { return }
    var snapshots: [KeyedSnapshot] = []
    for row in rows {
      var cursor = try await cursor(of: row)
      if cursor == nil { cursor = try await beginning() }
      guard let cursor else { continue }
      snapshots.append(KeyedSnapshot(key: row.row.key, snapshot: Snapshot(data: row.row.snapshot.data, cursor: cursor)))
    }
    if let database { return try await database.importSnapshots(snapshots) }
    for row in snapshots { try await store.saveSnapshot(row.key, row.snapshot) }
  }

  /// The cursor before the first event.
  private func beginning() async throws -> Cursor? {
    try await store.read(nil, routingKey: .all, args: .forward(first: 0, after: .beginning)).pageInfo.endCursor
  }

  /// Returns the cursor of this store at the position of a row; `nil` for the beginning.
  private func cursor<Row>(of row: ImportedRow<Row>) async throws -> Cursor? {
    guard let id = row.event else { return nil }
    guard let edge = try await store.event(id) else {
      throw EventoError(
        .invalidRequest, "\(source.place(row.number)): \(name) does not have the event \(id), to which it refers.")
    }
    return edge.cursor
  }
}
