internal import Evento

/// How a row of `event` becomes an event.
enum EventRow {
  /// The columns that ``edge(_:_:)`` reads, in its order.
  static let columns = "position, tag, id, aggregate, version, lane, timestamp, is_json, metadata, data"

  /// The current row of a statement that selects ``columns``.
  static func edge(_ row: Statement, _ catalog: Catalog) throws(SQLiteFailure) -> Edge<Event> {
    let names = try catalog.names(ofLane: row.integer(5))
    let event = Event(
      id: row.ulid(2), aggregatorType: names.type, aggregatorID: try catalog.key(ofAggregate: row.integer(3)),
      version: Int(row.integer(4)), name: names.name, routingKey: names.routingKey,
      data: Payload(bytes: row.blob(9), isJSON: row.integer(7) != 0),
      metadata: row.isNull(8) ? Metadata() : Metadata(checked: row.blob(8)),
      timestamp: Timestamp(milliseconds: row.integer(6)))
    return Edge(cursor: LogPosition(position: row.integer(0), tag: row.integer(1)).cursor, node: event)
  }

  /// The event with an id, or `nil` where there is none.
  static func find(_ id: ULID, on connection: Connection, _ catalog: Catalog) throws(SQLiteFailure) -> Edge<Event>? {
    try connection.first("SELECT \(columns) FROM event WHERE id = ?1", .blob(id.blob)) {
      row throws(SQLiteFailure) in try edge(row, catalog)
    }
  }
}

extension ULID {
  /// The sixteen bytes under which a row keeps it: in order of time, so that an index on it grows at its end.
  var blob: [UInt8] {
    withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Array($0) }
  }
}

extension Statement {
  /// An identifier that was kept as ``ULID/blob``.
  func ulid(_ column: Int32) -> ULID {
    withBlob(column) { bytes in
      func half(_ start: Int) -> UInt64 {
        bytes.count < start + 8 ? 0 : UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
      }
      return ULID(high: half(0), low: half(8))
    }
  }
}
