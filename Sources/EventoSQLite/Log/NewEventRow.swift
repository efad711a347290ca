internal import Evento

/// A row of `event` that is to be inserted.
struct NewEventRow {
  let position: Int64
  let commitID: Int64
  let id: ULID
  let aggregate: Int64
  let version: Int
  let kind: Int64
  let lane: SymbolTable.Lane
  let timestamp: Timestamp
  let data: Payload
  let metadata: Metadata

  /// In the order in which they are bound.
  private static let columns = [
    "position", "tag", "id", "aggregate", "version", "kind", "lane", "timestamp", "is_json", "metadata", "data",
  ]
  /// Bytes of ``ULID/blob``.
  private static let idLength = 16

  /// Rows of one statement. SQLite opens the table and its four indexes once for each statement, which is a quarter of
  /// what an event costs: 2.9 µs of processor time in C one by one, 2.1 µs by 32.
  static let largestBatch = 32
  /// Bytes of a row of a batch, which are copied; a larger one is inserted by itself, from where it lies.
  private static let smallRow = 4096

  /// Statements for 1, 2, 4 … ``largestBatch`` rows.
  private static let insertion = MultiRowInsertion(into: "event", columns, upTo: largestBatch)

  /// Inserts rows in their order.
  static func insert(_ rows: [NewEventRow], on connection: Connection) throws(SQLiteFailure) {
    var rest = rows[...]
    while let first = rest.first {
      let small = rest.prefix(largestBatch).prefix { $0.size <= smallRow }
      if small.count > 1 {
        let batch = small.prefix(1 << (Int.bitWidth - 1 - small.count.leadingZeroBitCount))
        try insert(batch: batch, on: connection)
        rest = rest.dropFirst(batch.count)
      } else {
        try first.insert(on: connection)
        rest = rest.dropFirst()
      }
    }
  }

  private var size: Int { data.bytes.count + metadata.bytes.count }

  private func insert(on connection: Connection) throws(SQLiteFailure) {
    let statement = try connection.statement(Self.insertion.texts[0])
    // These lie where they are until the row is written: no copy of them is needed.
    try id.withBlob { (id) throws(SQLiteFailure) in
      try data.bytes.span.withUnsafeBytes { (data) throws(SQLiteFailure) in
        defer { statement.reset() }
        try bindIntegers(statement, after: 0)
        if !metadata.isEmpty { try statement.bind(10, metadata.bytes) }
        try statement.bind(3, borrowing: id)
        try statement.bind(11, borrowing: data)
        _ = try statement.step()
      }
    }
  }

  /// - Parameter rows: as many as one of the statements takes.
  private static func insert(batch rows: ArraySlice<NewEventRow>, on connection: Connection) throws(SQLiteFailure) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(rows.indices.reduce(0) { $0 + rows[$1].size + idLength })
    for index in rows.indices {
      rows[index].id.withBlob { bytes.append(contentsOf: $0) }
      bytes.append(contentsOf: rows[index].data.bytes)
      bytes.append(contentsOf: rows[index].metadata.bytes)
    }
    let statement = try connection.statement(insertion.texts[rows.count.trailingZeroBitCount])
    // All of them stay where they are until the rows are written.
    try bytes.span.withUnsafeBytes { (bytes) throws(SQLiteFailure) in
      defer { statement.reset() }
      var before: Int32 = 0
      var offset = 0
      func next(_ count: Int) -> UnsafeRawBufferPointer {
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
      }
      for index in rows.indices {
        try rows[index].bindIntegers(statement, after: before)
        try statement.bind(before + 3, borrowing: next(idLength))
        try statement.bind(before + 11, borrowing: next(rows[index].data.bytes.count))
        let metadata = next(rows[index].metadata.bytes.count)
        if !rows[index].metadata.isEmpty { try statement.bind(before + 10, borrowing: metadata) }
        before += Int32(columns.count)
      }
      _ = try statement.step()
    }
  }

  private func bindIntegers(_ statement: Statement, after before: Int32) throws(SQLiteFailure) {
    try statement.bind(before + 1, position)
    try statement.bind(before + 2, commitID)
    try statement.bind(before + 4, aggregate)
    try statement.bind(before + 5, Int64(version))
    try statement.bind(before + 6, kind)
    try statement.bind(before + 7, lane.id)
    try statement.bind(before + 8, timestamp.milliseconds)
    try statement.bind(before + 9, data.isJSON ? 1 : 0)
  }
}
