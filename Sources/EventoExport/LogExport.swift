package import Evento
package import EventoStorage
package import EventoWire

/// An export of a store, or of a part of its log: docs/export-format.md.
///
/// It has at least the events that the store has at the start, in the order of the log, and only they are certain: if
/// subscribers or snapshots are included and one is further, the events up to there are included too.
package struct LogExport: Sendable {
  private let store: any Executor
  private let filter: ExportHeader.Filter?
  private let database: (any DatabaseStore)?
  private let createdBy: String

  /// - Parameters:
  ///   - filter: The events to export; `nil` for all.
  ///   - database: The store, to export its subscribers and snapshots too, which only a database can list; `nil` without
  ///     them. Then there must be no filter.
  ///   - createdBy: The program, with its version.
  package init(
    of store: any Executor, filter: ExportHeader.Filter? = nil, withRowsOf database: (any DatabaseStore)? = nil,
    createdBy: String
  ) {
    self.store = store
    self.filter = filter
    self.database = database
    self.createdBy = createdBy
  }

  /// Writes the export. One page of events is in memory, another is read meanwhile.
  ///
  /// - Parameters:
  ///   - progress: Called after each page with the completed fraction, 0 to 1, if the store has positions.
  ///   - write: Called with each part of the export.
  /// - Returns: What was exported.
  package func write(
    progress: (Double) -> Void = { _ in }, to write: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws -> ExportCheck {
    var output = ExportOutput(write)
    let beginning = try await store.read(nil, routingKey: .all, args: .forward(first: 0, after: .beginning))
    output.begin(
      ExportHeader(
        createdAt: .now(), createdBy: createdBy, store: beginning.pageInfo.endCursor, filter: filter,
        isFull: database != nil))
    var position = try await addEvents(upTo: try await end(), after: nil, to: &output, progress)
    if let database {
      try await addSubscribers(of: database, &position, to: &output)
      try await addSnapshots(of: database, &position, to: &output)
    }
    try await output.end()
    return output.counts
  }

  // MARK: Events

  /// The cursor of the last matching event.
  private func end() async throws -> Cursor? {
    try await page(.backward(last: 1)).edges.last?.cursor
  }

  private func page(_ args: Args) async throws -> ReadResult<Event> {
    try await store.read(filter?.aggregators, routingKey: filter?.routingKey ?? .all, args: args)
  }

  /// - Parameters:
  ///   - end: The cursor of the last event to add; `nil` for none.
  ///   - start: The cursor of the last event that was added.
  /// - Returns: The cursor of the last event that was added.
  private func addEvents(
    upTo end: Cursor?, after start: Cursor?, to output: inout ExportOutput, _ progress: (Double) -> Void
  ) async throws -> Cursor? {
    guard let end, end != start else { return start }
    var position = start
    var next = try await page(.forward(first: Self.pageEvents, after: start.map(Args.Start.after) ?? .beginning))
    while true {
      try Task.checkCancellation()
      let current = next
      guard let last = current.edges.last?.cursor else { throw Self.lostEvents }
      let isLast = current.edges.contains { $0.cursor == end }
      async let following = isLast ? current : page(.forward(first: Self.pageEvents, after: .after(last)))
      for edge in current.edges {
        try await output.add(.event(edge))
        position = edge.cursor
        if edge.cursor == end { break }
      }
      if let done = position.flatMap(LogPosition.init), let all = LogPosition(end), all.position > 0 {
        progress(Double(done.position) / Double(all.position))
      }
      next = try await following
      if isLast { return position }
    }
  }

  private static let pageEvents = 1000

  private static let lostEvents = EventoError(
    .internal, "The store has fewer events than at the start: it was restored or has lost some. Export it again.")

  // MARK: Subscribers and snapshots

  private func addSubscribers(
    of database: any DatabaseStore, _ position: inout Cursor?, to output: inout ExportOutput
  ) async throws {
    var last: String?
    while true {
      try Task.checkCancellation()
      let page = try await database.subscribers(first: SubscriberPage.countRange.upperBound, after: last)
      for subscriber in page.subscribers {
        let event = try await event(at: subscriber.cursor, &position, to: &output)
        try await output.add(.subscriber(subscriber, event: event))
      }
      last = page.subscribers.last?.key
      guard page.hasNextPage else { return }
    }
  }

  private func addSnapshots(
    of database: any DatabaseStore, _ position: inout Cursor?, to output: inout ExportOutput
  ) async throws {
    var last: SnapshotKey?
    while true {
      try Task.checkCancellation()
      let page = try await database.snapshots(first: SubscriberPage.countRange.upperBound, after: last)
      for row in page.snapshots {
        let event = try await event(at: row.snapshot.cursor, &position, to: &output)
        try await output.add(.snapshot(row.key, row.snapshot, event: event))
      }
      last = page.snapshots.last?.key
      guard page.hasNextPage else { return }
    }
  }

  /// Returns the event at the position of a cursor, and adds the events up to there that are not in the export yet.
  private func event(
    at cursor: Cursor?, _ position: inout Cursor?, to output: inout ExportOutput
  ) async throws -> ULID? {
    guard let cursor, let target = LogPosition(cursor), target.position > 0 else { return nil }
    if target.position > position.flatMap(LogPosition.init)?.position ?? 0 {
      position = try await addEvents(upTo: cursor, after: position, to: &output) { _ in }
    }
    // The event before the next one; at the end of the log, the last one, unless another was just added.
    while true {
      let next = try await store.read(nil, routingKey: .all, args: .forward(first: 1, after: .after(cursor))).edges
        .first
      let edges = try await store.read(nil, routingKey: .all, args: .backward(last: 1, before: next?.cursor)).edges
      guard let edge = edges.last else { throw Self.lostEvents }
      if edge.cursor == cursor { return edge.node.id }
      guard next == nil else { throw Self.lostEvents }
    }
  }
}
