/// Statements that insert several rows at once, which spares SQLite to open the table and its indexes for each of them.
enum MultiRowInsertion {
  /// The statements for 1, 2, 4 … `largest` rows, with a parameter for each column of each row.
  ///
  /// - Parameter largest: a power of two.
  static func texts(into table: String, _ columns: [String], upTo largest: Int) -> [String] {
    let row = "(" + Array(repeating: "?", count: columns.count).joined(separator: ", ") + ")"
    return (0...largest.trailingZeroBitCount).map { power in
      "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES "
        + Array(repeating: row, count: 1 << power).joined(separator: ", ")
    }
  }
}
