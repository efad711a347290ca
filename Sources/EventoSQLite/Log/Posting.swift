/// A part of a posting list: which of 64 neighbouring positions are in it, as the bits of a word.
///
/// An event of a list costs a bit, and its request's neighbours share a row: to insert a row for each event would cost a
/// write as much as another index.
struct Posting {
  private struct Key: Hashable {
    let list: Int64
    let word: Int64
  }

  /// log2 of the positions of a word.
  private static let shift: Int64 = 6
  private static let mask: Int64 = 63
  private static let insertion = MultiRowInsertion(
    into: "posting", ["list", "word", "bits"], upTo: 32,
    onConflict: "(list, word) DO UPDATE SET bits = bits | excluded.bits")

  /// Enters the positions of events in the posting lists of their lanes.
  static func insert(_ rows: [NewEventRow], on connection: Connection) throws(SQLiteFailure) {
    var words: [Key: UInt64] = [:]
    for row in rows {
      for list in row.lane.postingLists {
        words[Key(list: list, word: row.position >> shift), default: 0] |= 1 << UInt64(row.position & mask)
      }
    }
    guard !words.isEmpty else { return }
    try insertion.insert(words.flatMap { [$0.list, $0.word, Int64(bitPattern: $1)] }, on: connection)
  }

  /// The positions of a list behind a position, the nearest first, at most `limit`.
  static func positions(
    of list: Int64, from position: Int64, _ direction: IndexScan.Direction, limit: Int64, on connection: Connection
  ) throws(SQLiteFailure) -> [Int64] {
    guard position != direction.end else { return [] }
    let nearest = direction == .forward ? position + 1 : position - 1
    // One more than wanted, since the first word may have none behind the position.
    let statement = try connection.statement(
      "SELECT word, bits FROM posting WHERE list = ?1 AND word \(direction.comparison)= ?2 ORDER BY word \(direction.order) LIMIT ?3"
    )
    defer { statement.reset() }
    try statement.bind(1, list)
    try statement.bind(2, nearest >> shift)
    try statement.bind(3, limit + 1)
    var positions: [Int64] = []
    while positions.count < limit, try statement.step() {
      let word = statement.integer(0)
      var bits = UInt64(bitPattern: statement.integer(1))
      if word == nearest >> shift {
        bits &= direction == .forward ? .max << UInt64(nearest & mask) : .max >> UInt64(mask - nearest & mask)
      }
      while bits != 0, positions.count < limit {
        let bit = direction == .forward ? bits.trailingZeroBitCount : Int(mask) - bits.leadingZeroBitCount
        bits &= ~(1 << UInt64(bit))
        positions.append(word << shift + Int64(bit))
      }
    }
    return positions
  }
}
