/// An entry of a posting list: the position of one of its events.
struct Posting {
  let list: Int64
  let position: Int64

  private static let largestBatch = 32
  private static let insertions = MultiRowInsertion.texts(
    into: "posting", ["list", "position"], upTo: largestBatch)

  static func insert(_ postings: [Posting], on connection: Connection) throws(SQLiteFailure) {
    var rest = postings[...]
    while !rest.isEmpty {
      let power = Int.bitWidth - 1 - min(rest.count, largestBatch).leadingZeroBitCount
      let statement = try connection.statement(insertions[power])
      defer { statement.reset() }
      var parameter: Int32 = 0
      for posting in rest.prefix(1 << power) {
        try statement.bind(parameter + 1, posting.list)
        try statement.bind(parameter + 2, posting.position)
        parameter += 2
      }
      _ = try statement.step()
      rest = rest.dropFirst(1 << power)
    }
  }
}
