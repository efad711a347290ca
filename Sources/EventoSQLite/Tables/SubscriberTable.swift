internal import Evento
internal import EventoStorage

/// The subscribers of a store, on one connection. Changes run inside the writer's transaction.
struct SubscriberTable {
  let connection: Connection

  private static let columns = "key, worker, position, tag, lag, is_enabled, created, updated"

  func subscriber(_ key: String) throws(SQLiteFailure) -> Subscriber? {
    try connection.first("SELECT \(Self.columns) FROM subscriber WHERE key = ?1", .text(key), body: Self.read)
  }

  func page(first: Int, after key: String?) throws(SQLiteFailure) -> SubscriberPage {
    // Keys are sorted by their bytes: https://sqlite.org/datatype3.html#collation (BINARY). No key is empty, so all of
    // them are greater than the empty one. One more than requested shows whether there is a next page.
    var subscribers = try connection.all(Self.pageQuery, .text(key ?? ""), .integer(Int64(first) + 1), body: Self.read)
    let hasNextPage = subscribers.count > first
    if hasNextPage { subscribers.removeLast() }
    return SubscriberPage(subscribers: subscribers, hasNextPage: hasNextPage)
  }

  static let pageQuery = "SELECT \(columns) FROM subscriber WHERE key > ?1 ORDER BY key LIMIT ?2"

  func upsert(_ key: String, worker: ULID, at time: Timestamp) throws -> SubscriberUpsert {
    let isNew = try subscriber(key) == nil
    try connection.run(
      """
      INSERT INTO subscriber (key, worker, lag, is_enabled, created, updated) VALUES (?1, ?2, 0, 1, ?3, ?3)
      ON CONFLICT (key) DO UPDATE SET worker = excluded.worker, updated = excluded.updated
      """, .text(key), .blob(worker.blob), .integer(time.milliseconds))
    return SubscriberUpsert(subscriber: try existing(key), isNew: isNew)
  }

  /// - Throws: `subscriber_not_found`, `subscriber_taken_over` or `cursor_not_in_history`, with nothing changed.
  func acknowledge(_ key: String, cursor: Cursor?, lag: Int, worker: ULID?, at time: Timestamp) throws -> Subscriber {
    let held = try existing(key)
    if let worker, worker != held.workerID { throw EventoError.subscriberTakenOver(key) }
    let position = try cursor.map { try connection.position(of: $0) }
    try connection.run(
      "UPDATE subscriber SET position = ?2, tag = ?3, lag = ?4, updated = ?5 WHERE key = ?1", .text(key),
      position.map { .integer($0.position) } ?? .null, position.map { .integer($0.commitID) } ?? .null,
      .integer(Int64(lag)),
      .integer(time.milliseconds))
    return try existing(key)
  }

  func setEnabled(_ key: String, _ isEnabled: Bool, at time: Timestamp) throws -> Subscriber {
    try connection.run(
      "UPDATE subscriber SET is_enabled = ?2, updated = ?3 WHERE key = ?1", .text(key), .integer(isEnabled ? 1 : 0),
      .integer(time.milliseconds))
    return try existing(key)
  }

  /// Stores subscribers of another store; see ``DatabaseStore``.
  ///
  /// - Throws: `cursor_not_in_history`, with nothing changed.
  func put(_ subscribers: [Subscriber]) throws {
    let positions = try subscribers.map { try $0.cursor.map(connection.position(likeThatOf:)) }
    for (subscriber, position) in zip(subscribers, positions) {
      try connection.run(
        "INSERT OR REPLACE INTO subscriber (\(Self.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        .text(subscriber.key), .blob(subscriber.workerID.blob), position.map { .integer($0.position) } ?? .null,
        position.map { .integer($0.commitID) } ?? .null, .integer(Int64(subscriber.lag)),
        .integer(subscriber.isEnabled ? 1 : 0), .integer(subscriber.createdAt.milliseconds),
        .integer(subscriber.updatedAt.milliseconds))
    }
  }

  func delete(_ key: String) throws {
    try connection.run("DELETE FROM subscriber WHERE key = ?1", .text(key))
    guard connection.changes > 0 else { throw EventoError.subscriberNotFound(key) }
  }

  // MARK: Metrics

  func figures(slowest count: Int) throws(SQLiteFailure) -> StoreFigures {
    let lags = try connection.all(Self.slowestQuery, .integer(Int64(count))) { row in
      (key: row.text(0), position: row.integer(1), next: row.isNull(2) ? nil : Timestamp(milliseconds: row.integer(2)))
    }
    let counts = try connection.first(Self.countQuery) { (Int($0.integer(0)), Int($0.integer(1))) } ?? (0, 0)
    // Read last, so that no subscriber is after it.
    let end = try connection.logEnd().position
    return StoreFigures(
      events: Int(end), enabledSubscribers: counts.0, disabledSubscribers: counts.1,
      slowest: lags.map { StoreFigures.Lag(key: $0.key, events: Int(end - $0.position), next: $0.next) })
  }

  /// Without an index on the position: each acknowledgement would change it.
  static let slowestQuery = """
    SELECT key, slowest.position, event.timestamp
    FROM (
      SELECT key, ifnull(position, 0) AS position FROM subscriber WHERE is_enabled = 1 ORDER BY 2, key LIMIT ?1
    ) AS slowest
      LEFT JOIN event ON event.position = slowest.position + 1
    ORDER BY slowest.position, key
    """

  private static let countQuery =
    "SELECT count(*) FILTER (WHERE is_enabled = 1), count(*) FILTER (WHERE is_enabled = 0) FROM subscriber"

  private func existing(_ key: String) throws -> Subscriber {
    guard let subscriber = try subscriber(key) else { throw EventoError.subscriberNotFound(key) }
    return subscriber
  }

  private static func read(_ row: Statement) throws(SQLiteFailure) -> Subscriber {
    let cursor = row.isNull(2) ? nil : LogPosition(position: row.integer(2), commitID: row.integer(3)).cursor
    return Subscriber(
      key: row.text(0), workerID: row.ulid(1), cursor: cursor, lag: Int(row.integer(4)),
      isEnabled: row.integer(5) != 0, createdAt: Timestamp(milliseconds: row.integer(6)),
      updatedAt: Timestamp(milliseconds: row.integer(7)))
  }
}
