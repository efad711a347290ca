internal import Evento
internal import EventoStorage

/// Reads rows of `event` as events.
enum EventRow {
  /// The order of the cases is that of the columns.
  private enum Column: Int, CaseIterable {
    case position, commitID, id, version, lane, timestamp, isJSON, aggregateKey, checksum, metadata, data
  }

  private static let beginning = """
    event.position, event.commit_id, event.id, event.version, event.lane, event.timestamp, event.is_json,
    event.aggregate_key, event.checksum
    """

  /// The columns that ``withView(_:_:_:_:)`` reads, in its order.
  private static let columns = "\(beginning), event.metadata, event.data"

  /// The same, with NULL in place of metadata and payload of the rows for which a condition does not hold.
  ///
  /// Large values are stored apart from their row (https://www.postgresql.org/docs/15/storage-toast.html). They are read
  /// only if the condition holds.
  private static func columns(withPayloadIf condition: String) -> String {
    "\(beginning), CASE WHEN \(condition) THEN event.metadata END, CASE WHEN \(condition) THEN event.data END"
  }

  /// The size of payload and metadata, which is read without them: `octet_length` of `bytea` in
  /// https://www.postgresql.org/docs/15/functions-binarystring.html
  ///
  /// Metadata without members is stored as NULL.
  private static let size =
    "octet_length(event.data) + coalesce(octet_length(event.metadata), \(noMetadata.utf8CodeUnitCount))"

  // MARK: Pages

  /// The rows of a page that come with their payload and metadata, where `$4` is a number of bytes. The others only show
  /// that there are more events.
  enum Payloads: Hashable {
    /// All that are not larger than `$4`. Nearly every page is read so: to add up their sizes takes the server longer
    /// than to read them.
    case small
    /// As many as are not larger than `$4` together, and the first one of any size. The last of `$3` rows comes without.
    case bounded
  }

  /// Returns a query for the rows of a page.
  ///
  /// - Parameters:
  ///   - key: The columns by which the rows are sorted, in `direction`.
  ///   - rows: Returns a query for columns of the rows, sorted so, from an item `event` of a `FROM` clause.
  static func page(
    _ payloads: Payloads, sortedBy key: [String], _ direction: ReadDirection, _ rows: (_ columns: String) -> String
  ) -> String {
    switch payloads {
    case .small: return rows(columns(withPayloadIf: "\(size) <= $4"))
    case .bounded:
      let key = key.enumerated().map { (column: $1, name: "key_\($0)") }
      let sorting = key.map { "\($0.name) \(direction.order)" }.joined(separator: ", ")
      let sized = (["event.*", "\(size) AS size"] + key.map { "\($0.column) AS \($0.name)" }).joined(separator: ", ")
      return """
        SELECT \(columns(withPayloadIf: "number < $3 AND (total <= $4 OR total = size)"))
        FROM (
          SELECT *, sum(size) OVER page AS total, row_number() OVER page AS number
          FROM (\(rows(sized))) AS event
          WINDOW page AS (ORDER BY \(sorting) ROWS UNBOUNDED PRECEDING)
        ) AS event
        WHERE total - size <= $4 OR number = 2
        ORDER BY \(sorting)
        """
    }
  }

  // MARK: Values

  /// Passes a row with ``columns`` to `body`, if it has its checksum.
  ///
  /// - Parameter names: Has the names of all rows of the result.
  static func withView<Value>(
    _ rows: QueryResult, _ row: Int, _ names: RowNames, _ body: (borrowing EventView, LogPosition) -> Value
  ) throws -> Value {
    let position = position(rows, row)
    let checked: CheckedNames
    do {
      checked = try names.lane(lane(rows, row))
    } catch {
      throw Damage.event(position).error(cause: EventoError(wrapping: error).cause ?? "\(error)")
    }
    guard checksum(rows, row, checked) == rows.integer(row, Column.checksum.rawValue) else {
      let damage = Damage.event(position)
      throw damage.error(cause: damage.summary)
    }
    let metadata = rows.bytes(row, Column.metadata.rawValue)
    return withUnsafeTemporaryAllocation(byteCount: Cursor.maximumLength, alignment: 1) { cursor in
      let length = position.writeCursorText(to: cursor)
      return noMetadata.withUTF8Buffer { noMetadata in
        body(
          EventView(
            cursor: UnsafeRawBufferPointer(rebasing: cursor[..<length]), id: rows.ulid(row, Column.id.rawValue),
            names: checked.names,
            aggregatorID: rows.text(row, Column.aggregateKey.rawValue),
            version: Int(rows.integer(row, Column.version.rawValue)), data: rows.bytes(row, Column.data.rawValue),
            isJSON: isJSON(rows, row),
            metadata: metadata.isEmpty ? UnsafeRawBufferPointer(noMetadata) : metadata,
            timestamp: Timestamp(milliseconds: rows.integer(row, Column.timestamp.rawValue)),
            isErased: isErased(rows, row)),
          position)
      }
    }
  }

  /// Returns the checksum that a row with ``columns`` must have.
  private static func checksum(_ rows: QueryResult, _ row: Int, _ names: CheckedNames) -> Int64 {
    let content: EventContent = isErased(rows, row) ? .erased : isJSON(rows, row) ? .json : .bytes
    return checksum(
      rows, row, names, content, metadata: rows.bytes(row, Column.metadata.rawValue),
      data: rows.bytes(row, Column.data.rawValue))
  }

  private static func checksum(
    _ rows: QueryResult, _ row: Int, _ names: CheckedNames, _ content: EventContent,
    metadata: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer
  ) -> Int64 {
    Int64(
      EventChecksum.of(
        position(rows, row), id: rows.ulid(row, Column.id.rawValue), names: names.checksum,
        aggregatorID: EventChecksum.ofAggregatorID(rows.bytes(row, Column.aggregateKey.rawValue)),
        version: rows.integer(row, Column.version.rawValue),
        timestamp: Timestamp(milliseconds: rows.integer(row, Column.timestamp.rawValue)), content, metadata: metadata,
        data: data))
  }

  /// Returns the checksum for a row with ``columns``; `nil` if its payload should be JSON, but is not.
  static func checksumIfJSON(_ rows: QueryResult, _ row: Int, _ names: RowNames) throws -> Int32? {
    let data = rows.bytes(row, Column.data.rawValue)
    guard !isJSON(rows, row) || Payload(Array(data)).isJSON else { return nil }
    return Int32(truncatingIfNeeded: checksum(rows, row, try names.lane(lane(rows, row))))
  }

  /// The columns for ``erasedChecksum(_:_:_:)``.
  static let columnsWithoutContent = beginning

  /// Returns the checksum of a row's event once it is erased.
  static func erasedChecksum(_ rows: QueryResult, _ row: Int, _ names: RowNames) throws -> Int32 {
    let none = UnsafeRawBufferPointer(start: nil, count: 0)
    return Int32(
      truncatingIfNeeded: checksum(
        rows, row, try names.lane(lane(rows, row)), .erased, metadata: none, data: none))
  }

  static func position(_ rows: QueryResult, _ row: Int) -> LogPosition {
    LogPosition(
      position: rows.integer(row, Column.position.rawValue), commitID: rows.integer(row, Column.commitID.rawValue))
  }

  static func lane(_ rows: QueryResult, _ row: Int) -> Int64 { rows.integer(row, Column.lane.rawValue) }

  static func isJSON(_ rows: QueryResult, _ row: Int) -> Bool { rows.bool(row, Column.isJSON.rawValue) }

  /// Returns whether the content of the event was erased.
  private static func isErased(_ rows: QueryResult, _ row: Int) -> Bool { rows.isNull(row, Column.isJSON.rawValue) }

  /// Returns whether the row came with its payload.
  static func hasPayload(_ rows: QueryResult, _ row: Int) -> Bool { !rows.isNull(row, Column.data.rawValue) }

  static func payloadLength(_ rows: QueryResult, _ row: Int) -> Int { rows.bytes(row, Column.data.rawValue).count }

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
