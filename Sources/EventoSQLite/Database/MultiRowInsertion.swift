/// Statements that insert several rows at once, so that SQLite need not open the table and its indexes for each row.
struct MultiRowInsertion {
  /// The statements for 1, 2, 4 … rows, with a parameter for each column of each row.
  let texts: [String]
  private let columnCount: Int

  /// - Parameters:
  ///   - largest: The maximum number of rows at once, a power of two.
  ///   - onConflict: The action for a row whose key exists (https://sqlite.org/lang_upsert.html). Without it, that is
  ///     an error.
  init(into table: String, _ columns: [String], upTo largest: Int, onConflict: String? = nil) {
    columnCount = columns.count
    let row = "(" + Array(repeating: "?", count: columns.count).joined(separator: ", ") + ")"
    texts = (0...largest.trailingZeroBitCount).map { power in
      "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES "
        + Array(repeating: row, count: 1 << power).joined(separator: ", ")
        + (onConflict.map { " ON CONFLICT \($0)" } ?? "")
    }
  }

  /// Inserts rows of integers, in their order.
  ///
  /// - Parameter values: The columns of all rows, one row after the other.
  func insert(_ values: [Int64], on connection: Connection) throws(SQLiteFailure) {
    var rest = values[...]
    while !rest.isEmpty {
      let power = min(Int.bitWidth - 1 - (rest.count / columnCount).leadingZeroBitCount, texts.count - 1)
      let statement = try connection.statement(texts[power])
      defer { statement.reset() }
      let batch = rest.prefix(columnCount << power)
      for (number, value) in batch.enumerated() { try statement.bind(Int32(number + 1), value) }
      _ = try statement.step()
      rest = rest.dropFirst(batch.count)
    }
  }
}
