internal import Evento
internal import EventoStorage

/// Reads rows of `event` as events.
enum EventRow {
  private static let names = "position, commit_id, id, aggregate, version, lane, timestamp, is_json"

  /// The columns that ``withView(_:_:_:_:)`` reads, in its order.
  static let columns = "\(names), metadata, data"

  /// The same, with the size of payload and metadata, which is read without them: `octet_length` of `bytea` in
  /// https://www.postgresql.org/docs/15/functions-binarystring.html
  ///
  /// Metadata without members is stored as NULL.
  static let sizedColumns =
    "event.*, octet_length(event.data) + coalesce(octet_length(event.metadata), \(noMetadata.utf8CodeUnitCount)) AS size"

  /// Returns a query for the rows of a page, with ``columns``: see ``EventQuery/page(_:_:limit:bytes:)``.
  ///
  /// Large values are stored apart from their row (https://www.postgresql.org/docs/15/storage-toast.html), and are read
  /// only when they are sent.
  ///
  /// - Parameters:
  ///   - rows: A query for ``sizedColumns``, sorted by `key` in `direction`.
  ///   - key: The columns by which it is sorted.
  static func page(_ rows: String, _ key: [String], _ direction: ReadDirection) -> String {
    let sorting = key.map { "\($0) \(direction.order)" }.joined(separator: ", ")
    let fits = "number < $3 AND (total <= $4 OR total = size)"
    return """
      SELECT \(names), CASE WHEN \(fits) THEN metadata END, CASE WHEN \(fits) THEN data END
      FROM (
        SELECT *, sum(size) OVER page AS total, row_number() OVER page AS number
        FROM (\(rows)) AS row
        WINDOW page AS (ORDER BY \(sorting) ROWS UNBOUNDED PRECEDING)
      ) AS row
      WHERE total - size <= $4 OR number = 2
      ORDER BY \(sorting)
      """
  }

  /// Passes a row with ``columns`` to `body`.
  ///
  /// - Parameter names: Has the names of all rows of the result.
  static func withView<Value>(
    _ rows: QueryResult, _ row: Int, _ names: RowNames, _ body: (borrowing EventView, LogPosition) -> Value
  ) throws -> Value {
    let lane = try names.lane(rows.integer(row, 5))
    let key = try names.aggregateID(rows.integer(row, 3))
    let metadata = rows.bytes(row, 8)
    let position = position(rows, row)
    return position.withCursorText { cursor in
      noMetadata.withUTF8Buffer { noMetadata in
        body(
          EventView(
            cursor: cursor, id: rows.ulid(row, 2), aggregatorType: lane.type, aggregatorID: key,
            version: Int(rows.integer(row, 4)), name: lane.name, routingKey: lane.routingKey,
            data: rows.bytes(row, 9), isJSON: isJSON(rows, row),
            metadata: metadata.isEmpty ? UnsafeRawBufferPointer(noMetadata) : metadata,
            timestamp: Timestamp(milliseconds: rows.integer(row, 6))),
          position)
      }
    }
  }

  static func position(_ rows: QueryResult, _ row: Int) -> LogPosition {
    LogPosition(position: rows.integer(row, 0), commitID: rows.integer(row, 1))
  }

  static func lane(_ rows: QueryResult, _ row: Int) -> Int64 { rows.integer(row, 5) }

  static func aggregate(_ rows: QueryResult, _ row: Int) -> Int64 { rows.integer(row, 3) }

  static func isJSON(_ rows: QueryResult, _ row: Int) -> Bool { rows.bool(row, 7) }

  /// Returns the length of the payload; `nil` if the row came without it.
  static func payloadLength(_ rows: QueryResult, _ row: Int) -> Int? {
    rows.isNull(row, 9) ? nil : rows.bytes(row, 9).count
  }

  private static let noMetadata: StaticString = "{}"

  // MARK: By id

  /// Passes the event with an id to `body`; returns `nil` if the log does not have it.
  static func withView<Value>(
    _ id: ULID, on session: ConnectionPool.Session, _ body: (borrowing EventView) -> Value
  ) throws -> Value? {
    let rows = try session.connection.run(byID, [.uuid(id)])
    guard rows.rowCount > 0 else { return nil }
    let names = try session.symbols.names(of: rows, on: session.connection)
    defer { session.symbols.keep(names) }
    return try withView(rows, 0, names) { view, _ in body(view) }
  }

  static let byID = Statement("SELECT \(columns) FROM event WHERE id = $1", .uuid)
}
