internal import EventoStorage

/// A part of a posting list: a word with a bit for each of 64 consecutive positions.
///
/// An event in a list costs one bit, and the other events of its request share the row. A row for each event would cost
/// a write as much as another index.
struct Posting {
  /// The binary logarithm of the number of positions in a word.
  private static let shift: Int64 = 6
  private static let mask: Int64 = 63
  private static let insertion = MultiRowInsertion(
    into: "posting", ["list", "word", "bits"], upTo: 32,
    onConflict: "(list, word) DO UPDATE SET bits = bits | excluded.bits")

  /// The postings that are not inserted yet.
  ///
  /// They are collected for a whole commit, because events of different statements share a row here, and a statement
  /// that adds one bit to a row costs as much as one that adds all 64.
  struct Batch {
    /// The columns of complete rows, one row after the other.
    private var values: [Int64] = []
    /// The word of the latest position, and its bits in each list. A list is found by a linear search, because there
    /// are few: at most three for an event.
    private var word: Int64 = 0
    private var current: [(list: Int64, bits: UInt64)] = []

    /// Adds the postings of an event that follows all others in the log.
    mutating func add(_ row: borrowing NewEventRow) {
      guard !row.lane.postingLists.isEmpty else { return }
      if word != row.position >> shift {
        completeWord()
        word = row.position >> shift
      }
      let bit: UInt64 = 1 << UInt64(row.position & mask)
      for list in row.lane.postingLists {
        if let index = current.firstIndex(where: { $0.list == list }) {
          current[index].bits |= bit
        } else {
          current.append((list, bit))
        }
      }
    }

    private mutating func completeWord() {
      for (list, bits) in current {
        values.append(list)
        values.append(word)
        values.append(Int64(bitPattern: bits))
      }
      current.removeAll(keepingCapacity: true)
    }

    /// Inserts all postings.
    mutating func flush(on connection: Connection) throws(SQLiteFailure) {
      completeWord()
      guard !values.isEmpty else { return }
      defer { values.removeAll(keepingCapacity: true) }
      try insertion.insert(values, on: connection)
    }

    /// Removes all postings, after a transaction that was undone.
    mutating func removeAll() {
      values.removeAll()
      current.removeAll()
    }
  }

  /// Returns the positions of a list after a position, the nearest first, at most `limit`.
  static func positions(
    of list: Int64, from position: Int64, _ direction: ReadDirection, limit: Int64, on connection: Connection
  ) throws(SQLiteFailure) -> [Int64] {
    guard position != direction.end else { return [] }
    let nearest = direction == .forward ? position + 1 : position - 1
    // One more than requested, because the first word may have none after the position.
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
