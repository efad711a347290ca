/// An entry of a posting list: the position of one of its events.
struct Posting {
  let list: Int64
  let position: Int64

  private static let columns = ["list", "position"]
  private static let insertions = MultiRowInsertion.texts(into: "posting", columns, upTo: 32)

  static func insert(_ postings: [Posting], on connection: Connection) throws(SQLiteFailure) {
    guard !postings.isEmpty else { return }
    try MultiRowInsertion.insert(
      postings.flatMap { [$0.list, $0.position] }, columns: columns.count, by: insertions, on: connection)
  }
}
