internal import Evento
internal import EventoStorage

/// The tables of the Rust crate `evento` 2.0, as its crate `evento-sql-migrator` makes them.
///
/// The crate orders events by the clocks of their writers, which a version need not follow: an aggregate's version 2 may
/// be before its version 1. Here, an event is never before an earlier version: it takes the latest time of these.
struct CrateTables {
  let connection: Connection
  let path: String

  private static let columns = [
    "id", "name", "aggregator_type", "aggregator_id", "version", "data", "metadata", "routing_key", "timestamp",
    "timestamp_subsec",
  ]

  /// - Throws: `invalid_request` if the database has other tables.
  func check() throws {
    let found = Set(try connection.all("SELECT name FROM pragma_table_info('event')") { $0.text(0) })
    guard found.isSuperset(of: Self.columns) else {
      let missing = Self.columns.filter { !found.contains($0) }
      throw EventoError(
        .invalidRequest,
        found.isEmpty
          ? "\(path) is not a store of the crate evento: it has no table \"event\". Name its database."
          : "\(path) is not a store of the crate evento 2.0: its table \"event\" has no \(missing.joined(separator: ", ")). "
            + "Run the migrations of evento-sql-migrator 2.0 first.")
    }
  }

  /// Finds out the order, once for all reads, in temporary tables: https://sqlite.org/tempfiles.html
  ///
  /// - Returns: The number of events.
  func order() throws -> Int {
    try connection.execute(
      """
      CREATE TEMP TABLE evento_order (position INTEGER PRIMARY KEY, event INTEGER NOT NULL);
      INSERT INTO evento_order (event)
        SELECT rowid FROM event
        ORDER BY max(timestamp * 1000 + timestamp_subsec) OVER (
          PARTITION BY aggregator_type, aggregator_id ORDER BY version ROWS UNBOUNDED PRECEDING), version, id;
      CREATE TEMP TABLE evento_cursor AS
        SELECT event.timestamp AS seconds, event.timestamp_subsec AS subsecond, event.version AS version, event.id AS id,
          -- All events up to it are before the first one that the crate has after the cursor.
          min(position) OVER (
            ORDER BY event.timestamp DESC, event.timestamp_subsec DESC, event.version DESC, event.id DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) - 1 AS position
        FROM evento_order JOIN event ON event.rowid = evento_order.event;
      CREATE INDEX temp.evento_cursor_order ON evento_cursor (seconds, subsecond, version, id);
      """)
    return Int(try connection.integer("SELECT count(*) FROM evento_order") ?? 0)
  }

  // MARK: Events

  func events(after position: Int, first count: Int) throws -> [Event] {
    let columns = Self.columns.map { "event.\($0)" }.joined(separator: ", ")
    let row = try connection.statement(
      """
      SELECT \(columns) FROM evento_order JOIN event ON event.rowid = evento_order.event
      WHERE position > ?1 ORDER BY position LIMIT ?2
      """)
    defer { row.reset() }
    try row.bind(all: [.integer(Int64(position)), .integer(Int64(count))])
    var events: [Event] = []
    var bytes = 0
    while bytes < Self.pageBytes, try row.step() {
      let event = try event(row)
      events.append(event)
      bytes += event.data.bytes.count + event.metadata.bytes.count
    }
    return events
  }

  /// A page ends after the event that reaches this size.
  private static let pageBytes = 4 << 20

  private func event(_ row: Statement) throws(EventoError) -> Event {
    let id = row.text(0)
    func refuse(_ what: String) -> EventoError {
      EventoError(.invalidRequest, "\(path), event \"\(id)\": \(what). Correct it there, and import again.")
    }
    guard let ulid = ULID(id) else { throw refuse("the id is not a ULID") }
    for (label, column) in [("name", 1), ("aggregator_type", 2), ("aggregator_id", 3), ("routing_key", 7)]
    where !row.isNull(Int32(column)) {
      if let error = Name.error(in: row.text(Int32(column))) { throw refuse("the \(label) \(error)") }
    }
    guard (1...Int64(Event.maximumVersion)).contains(row.integer(4)) else {
      throw refuse("the version \(row.integer(4)) is out of range")
    }
    guard Timestamp.secondsRange.contains(row.integer(8)), (0...999).contains(row.integer(9)) else {
      throw refuse("the timestamp \(row.integer(8)), \(row.integer(9)) is out of range")
    }
    return Event(
      id: ulid, aggregatorType: row.text(2), aggregatorID: row.text(3), version: Int(row.integer(4)),
      name: row.text(1), routingKey: row.isNull(7) ? nil : row.text(7), data: Payload(row.blob(5)),
      metadata: Metadata(crate: row.blob(6)),
      timestamp: Timestamp(seconds: row.integer(8), subsecond: Int(row.integer(9))))
  }

  // MARK: Subscribers and snapshots

  private func hasTable(_ name: String) throws -> Bool {
    try connection.integer("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1", .text(name)) != nil
  }

  func subscribers() throws -> [ForeignRow<Subscriber>] {
    guard try hasTable("subscriber") else { return [] }
    let rows = try connection.all(
      """
      SELECT key, worker_id, cursor, lag, enabled, CAST(strftime('%s', created_at) AS INTEGER),
        CAST(strftime('%s', coalesce(updated_at, created_at)) AS INTEGER)
      FROM subscriber ORDER BY key
      """, body: SubscriberRow.init)
    return try rows.map(subscriber)
  }

  private func subscriber(_ row: SubscriberRow) throws -> ForeignRow<Subscriber> {
    let label = "subscriber \"\(row.key)\""
    try checkName(row.key, "key", label)
    guard let worker = ULID(row.worker) else { throw refusedRow(label, "the worker_id is not a ULID") }
    let subscriber = Subscriber(
      key: row.key, workerID: worker, cursor: nil, lag: row.lag, isEnabled: row.isEnabled, createdAt: row.created,
      updatedAt: row.updated)
    guard let cursor = row.cursor, let position = try position(of: checkedCursor(cursor, label)) else {
      return ForeignRow(subscriber, event: nil)
    }
    return ForeignRow(subscriber, event: try id(at: position))
  }

  private struct SubscriberRow {
    let key: String
    let worker: String
    let cursor: String?
    let lag: Int
    let isEnabled: Bool
    let created: Timestamp
    let updated: Timestamp

    init(_ row: Statement) {
      key = row.text(0)
      worker = row.text(1)
      cursor = row.isNull(2) ? nil : row.text(2)
      lag = Int(min(max(row.integer(3), 0), Int64(Subscriber.maximumLag)))
      isEnabled = row.integer(4) != 0
      created = Timestamp(milliseconds: row.integer(5) * 1000).clamped
      updated = Timestamp(milliseconds: row.integer(6) * 1000).clamped
    }
  }

  func snapshots(after offset: Int, first count: Int) throws -> [ForeignRow<KeyedSnapshot>] {
    guard try hasTable("snapshot") else { return [] }
    let rows = try connection.all(
      "SELECT type, revision, id, cursor, data FROM snapshot ORDER BY type, id LIMIT ?2 OFFSET ?1",
      .integer(Int64(offset)), .integer(Int64(count))
    ) { row in
      (
        key: SnapshotKey(type: row.text(0), revision: row.text(1), id: row.text(2)), cursor: row.text(3),
        data: Payload(row.blob(4))
      )
    }
    return try rows.map { (row) throws -> ForeignRow<KeyedSnapshot> in
      let label = "snapshot \"\(row.key.type)\", \"\(row.key.id)\""
      for (name, text) in [("type", row.key.type), ("revision", row.key.revision), ("id", row.key.id)] {
        try checkName(text, name, label)
      }
      // A state has exactly the events of its aggregate up to this one, so the position must be exact.
      let cursor = try checkedCursor(row.cursor, label)
      guard let event = ULID(cursor.id),
        try connection.integer("SELECT 1 FROM event WHERE id = ?1", .text(cursor.id)) != nil
      else { throw refusedRow(label, "the event of its cursor does not exist") }
      let snapshot = Snapshot(data: row.data, cursor: Cursor(content: [0]))
      return ForeignRow(KeyedSnapshot(key: row.key, snapshot: snapshot), event: event)
    }
  }

  private func checkName(_ text: String, _ name: String, _ label: String) throws {
    if let error = Name.error(in: text) { throw refusedRow(label, "the \(name) \(error)") }
  }

  private func checkedCursor(_ text: String, _ label: String) throws -> CrateCursor {
    guard let cursor = CrateCursor(text) else { throw refusedRow(label, "the cursor is not one of evento 2.0") }
    return cursor
  }

  private func refusedRow(_ label: String, _ what: String) -> EventoError {
    EventoError(.invalidRequest, "\(path), \(label): \(what). Delete that row, or import without --all.")
  }

  // MARK: Cursors

  /// Returns the position up to which all events are at or before a cursor in the crate's order.
  private func position(of cursor: CrateCursor) throws -> Int64? {
    let found = try connection.first(
      """
      SELECT position FROM evento_cursor WHERE (seconds, subsecond, version, id) <= (?1, ?2, ?3, ?4)
      ORDER BY seconds DESC, subsecond DESC, version DESC, id DESC LIMIT 1
      """, .integer(cursor.seconds), .integer(cursor.subsecond), .integer(cursor.version), .text(cursor.id)
    ) { row in row.isNull(0) ? nil : row.integer(0) }
    // None is before the cursor; or none is after it.
    guard let position = found else { return nil }
    return try position ?? connection.integer("SELECT max(position) FROM evento_order")
  }

  private func id(at position: Int64) throws -> ULID? {
    let id = try connection.first(
      "SELECT event.id FROM evento_order JOIN event ON event.rowid = evento_order.event WHERE position = ?1",
      .integer(position)
    ) { $0.text(0) }
    return id.flatMap { ULID($0) }
  }
}
