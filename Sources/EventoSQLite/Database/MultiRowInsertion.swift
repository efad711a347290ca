/// Statements that insert several rows at once, so that SQLite need not open the table and its indexes for each row.
enum MultiRowInsertion {
  /// Returns the statements for 1, 2, 4 … `largest` rows, with a parameter for each column of each row.
  ///
  /// - Parameters:
  ///   - largest: A power of two.
  ///   - onConflict: The action for a row whose key exists (https://sqlite.org/lang_upsert.html). Without it, that is
  ///     an error.
  static func texts(
    into table: String, _ columns: [String], upTo largest: Int, onConflict: String? = nil
  ) -> [String] {
    let row = "(" + Array(repeating: "?", count: columns.count).joined(separator: ", ") + ")"
    return (0...largest.trailingZeroBitCount).map { power in
      "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES "
        + Array(repeating: row, count: 1 << power).joined(separator: ", ")
        + (onConflict.map { " ON CONFLICT \($0)" } ?? "")
    }
  }

  /// Inserts rows of integers, in their order, by such statements.
  ///
  /// - Parameter values: The columns of all rows, one row after the other.
  static func insert(
    _ values: [Int64], columns: Int, by texts: [String], on connection: Connection
  ) throws(SQLiteFailure) {
    var rest = values[...]
    while !rest.isEmpty {
      let power = min(Int.bitWidth - 1 - (rest.count / columns).leadingZeroBitCount, texts.count - 1)
      let statement = try connection.statement(texts[power])
      defer { statement.reset() }
      let batch = rest.prefix(columns << power)
      for (number, value) in batch.enumerated() { try statement.bind(Int32(number + 1), value) }
      _ = try statement.step()
      rest = rest.dropFirst(batch.count)
    }
  }
}
