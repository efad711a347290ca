internal import Evento
internal import EventoStorage

/// The subscribers of a store, on one connection. Each function is one transaction.
struct SubscriberTable {
  let connection: Connection

  private static let columns = "key, worker, position, commit_id, lag, is_enabled, created, updated"

  func subscriber(_ key: String) throws -> Subscriber? {
    Self.first(try connection.run(Self.readStatement, [.text(key)]))
  }

  private static let readStatement = Statement("SELECT \(columns) FROM subscriber WHERE key = $1", .text)

  func page(first: Int, after key: String?) throws -> SubscriberPage {
    // No key is empty, so all of them are greater than the empty one. One more than requested shows whether there is a
    // next page.
    let rows = try connection.run(Self.pageStatement, [.text(key ?? ""), .int8(Int64(first) + 1)])
    return SubscriberPage(
      subscribers: (0..<min(rows.rowCount, first)).map { Self.read(rows, $0) }, hasNextPage: rows.rowCount > first)
  }

  /// Keys are sorted by their bytes, as their column is.
  static let pageStatement = Statement(
    "SELECT \(columns) FROM subscriber WHERE key > $1 ORDER BY key LIMIT $2", .text, .int8)

  // MARK: Changes

  func upsert(_ key: String, worker: ULID, at time: Timestamp) throws -> SubscriberUpsert {
    let parameters: Parameters = [.text(key), .uuid(worker), .int8(time.milliseconds)]
    while true {
      let results = try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
        try pipeline.send(Self.insertStatement, parameters)
        try pipeline.send(Self.takeOverStatement, parameters)
        return try pipeline.sync()
      }
      // No row is returned if it was deleted between the two statements.
      guard let subscriber = Self.first(results[1]) else { continue }
      return SubscriberUpsert(subscriber: subscriber, isNew: results[0].affectedRows > 0)
    }
  }

  private static let insertStatement = Statement(
    """
    INSERT INTO subscriber (key, worker, lag, is_enabled, created, updated) VALUES ($1, $2, 0, true, $3, $3)
    ON CONFLICT (key) DO NOTHING
    """, .text, .uuid, .int8)

  private static let takeOverStatement = Statement(
    "UPDATE subscriber SET worker = $2, updated = $3 WHERE key = $1 RETURNING \(columns)", .text, .uuid, .int8)

  /// - Throws: `subscriber_not_found`, `subscriber_taken_over` or `cursor_not_in_history`, with nothing changed.
  func acknowledge(_ key: String, cursor: Cursor?, lag: Int, worker: ULID?, at time: Timestamp) throws -> Subscriber {
    // One that can't be in any log is -1, which no log has: other errors come before that one.
    let position = cursor.map { LogPosition($0) ?? LogPosition(position: -1, commitID: -1) }
    let results = try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
      // The lock holds until the end of both, so that the error of the second one is that of the first one's row.
      try pipeline.send(Self.lockStatement, [.text(key)])
      try pipeline.send(
        Self.acknowledgeStatement,
        [
          .text(key), position.map { .int8($0.position) } ?? .null, position.map { .int8($0.commitID) } ?? .null,
          .int8(Int64(lag)), .int8(time.milliseconds), worker.map { .uuid($0) } ?? .null,
        ])
      return try pipeline.sync()
    }
    if let subscriber = Self.first(results[1]) { return subscriber }
    guard results[0].rowCount > 0 else { throw EventoError.subscriberNotFound(key) }
    if let worker, worker != results[0].ulid(0, 0) { throw EventoError.subscriberTakenOver(key) }
    throw EventoError.cursorNotInHistory()
  }

  private static let lockStatement = Statement("SELECT worker FROM subscriber WHERE key = $1 FOR UPDATE", .text)

  private static let acknowledgeStatement = Statement(
    """
    UPDATE subscriber SET position = $2, commit_id = $3, lag = $4, updated = $5
    WHERE key = $1 AND ($6 IS NULL OR worker = $6) AND ($2 IS NULL OR \(LogHistory.condition("$2", "$3")))
    RETURNING \(columns)
    """, .text, .int8, .int8, .int8, .int8, .uuid)

  func setEnabled(_ key: String, _ isEnabled: Bool, at time: Timestamp) throws -> Subscriber {
    let rows = try connection.run(Self.enableStatement, [.text(key), .bool(isEnabled), .int8(time.milliseconds)])
    guard let subscriber = Self.first(rows) else { throw EventoError.subscriberNotFound(key) }
    return subscriber
  }

  private static let enableStatement = Statement(
    "UPDATE subscriber SET is_enabled = $2, updated = $3 WHERE key = $1 RETURNING \(columns)", .text, .bool, .int8)

  /// - Parameter isRepeated: True if an earlier call may have deleted it.
  func delete(_ key: String, isRepeated: Bool) throws {
    guard try connection.run(Self.deleteStatement, [.text(key)]).affectedRows > 0 || isRepeated else {
      throw EventoError.subscriberNotFound(key)
    }
  }

  private static let deleteStatement = Statement("DELETE FROM subscriber WHERE key = $1", .text)

  // MARK: Copies

  /// Stores subscribers of another store; see ``DatabaseStore/importSubscribers(_:)``.
  func put(_ subscribers: [Subscriber]) throws {
    var parameters = Parameters()
    parameters.array(of: .text, subscribers) { $0.text($1.key) }
    parameters.array(of: .uuid, subscribers) { $0.uuid($1.workerID) }
    let positions = try subscribers.map { subscriber in
      try subscriber.cursor.map { try LogPosition(named: $0).position }
    }
    parameters.array(of: .int8, positions) { array, position in
      if let position { array.int8(position) } else { array.null() }
    }
    parameters.array(of: .int8, subscribers) { $0.int8(Int64($1.lag)) }
    parameters.array(of: .bool, subscribers) { $0.bool($1.isEnabled) }
    parameters.array(of: .int8, subscribers) { $0.int8($1.createdAt.milliseconds) }
    parameters.array(of: .int8, subscribers) { $0.int8($1.updatedAt.milliseconds) }
    guard try connection.run(Self.putStatement, parameters).affectedRows == subscribers.count else {
      throw EventoError.cursorNotInHistory()
    }
  }

  private static let putStatement = Statement(
    """
    INSERT INTO subscriber (\(columns))
    SELECT row.key, worker, row.position, \(LogHistory.commitIDOfRow), lag, is_enabled, created, updated
    FROM unnest($1, $2, $3, $4, $5, $6, $7) AS row (key, worker, position, lag, is_enabled, created, updated)
      LEFT JOIN event ON event.position = row.position
    WHERE \(LogHistory.hasAll(of: "$3"))
    ON CONFLICT (key) DO UPDATE
    SET worker = excluded.worker, position = excluded.position, commit_id = excluded.commit_id, lag = excluded.lag,
      is_enabled = excluded.is_enabled, created = excluded.created, updated = excluded.updated
    """, .textArray, .uuidArray, .int8Array, .int8Array, .boolArray, .int8Array, .int8Array)

  // MARK: Metrics

  func figures(slowest count: Int) throws -> StoreFigures {
    let results = try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
      try pipeline.send(Self.slowestStatement, [.int8(Int64(count))])
      try pipeline.send(Self.countStatement)
      return try pipeline.sync()
    }
    let (slowest, counts) = (results[0], results[1])
    let end = counts.integer(0, 0)
    return StoreFigures(
      events: Int(end), enabledSubscribers: Int(counts.integer(0, 1)),
      disabledSubscribers: Int(counts.integer(0, 2)),
      slowest: (0..<slowest.rowCount).map { row in
        StoreFigures.Lag(
          key: slowest.text(row, 0),
          // A failover may have lost the events of its position.
          events: Int(max(end - slowest.integer(row, 1), 0)),
          next: slowest.isNull(row, 2) ? nil : Timestamp(milliseconds: slowest.integer(row, 2)))
      })
  }

  /// Without an index on the position: each acknowledgement would change it.
  static let slowestStatement = Statement(
    """
    SELECT key, slowest.position, event.timestamp
    FROM (
      SELECT key, coalesce(position, 0) AS position FROM subscriber WHERE is_enabled ORDER BY 2, key LIMIT $1
    ) AS slowest
      LEFT JOIN event ON event.position = slowest.position + 1
    ORDER BY slowest.position, key
    """, .int8)

  private static let countStatement = Statement(
    """
    SELECT (SELECT position FROM store), count(*) FILTER (WHERE is_enabled), count(*) FILTER (WHERE NOT is_enabled)
    FROM subscriber
    """)

  // MARK: Rows

  private static func first(_ rows: QueryResult) -> Subscriber? {
    rows.rowCount > 0 ? read(rows, 0) : nil
  }

  private static func read(_ rows: QueryResult, _ row: Int) -> Subscriber {
    let cursor =
      rows.isNull(row, 2)
      ? nil : LogPosition(position: rows.integer(row, 2), commitID: rows.integer(row, 3)).cursor
    return Subscriber(
      key: rows.text(row, 0), workerID: rows.ulid(row, 1), cursor: cursor, lag: Int(rows.integer(row, 4)),
      isEnabled: rows.bool(row, 5), createdAt: Timestamp(milliseconds: rows.integer(row, 6)),
      updatedAt: Timestamp(milliseconds: rows.integer(row, 7)))
  }
}
