internal import Evento
internal import EventoStorage

/// Reads the indexes of the log, each in its own order and without the log, and compares them with what the log says that
/// they must have.
struct IndexVerification {
  private let connection: Connection
  /// False for a store of the first schema.
  private let hasPostings: Bool

  init(_ connection: Connection, hasPostings: Bool) {
    self.connection = connection
    self.hasPostings = hasPostings
  }

  /// Returns the lanes, with the posting lists that must have their events.
  func lanes() throws(SQLiteFailure) -> [Int64: LogVerification.LaneEntry] {
    var lists: [[Int64]: (id: Int64, first: Int64)] = [:]
    if hasPostings {
      let rows = try connection.all("SELECT type, routing_key, id, first FROM posting_list") { row in
        (key: [row.integer(0), row.integer(1)], list: (row.integer(2), row.integer(3)))
      }
      for row in rows { lists[row.key] = row.list }
    }
    let rows = try connection.all(
      "SELECT lane.id, lane.routing_key, lane.kind, kind.type FROM lane JOIN kind ON kind.id = lane.kind"
    ) { row in
      let (lane, routingKey, kind, type) = (row.integer(0), row.integer(1), row.integer(2), row.integer(3))
      let wanted = [
        ([type, SymbolTable.anyRoutingKey], kind), ([type, routingKey], kind),
        ([SymbolTable.anyType, routingKey], lane),
      ]
      let found = wanted.compactMap { key, number in
        lists[key].flatMap { list in number >= list.first ? list.id : nil }
      }
      return (lane, LogVerification.LaneEntry(routingKey: routingKey, kind: kind, postingLists: found))
    }
    return Dictionary(rows) { first, _ in first }
  }

  /// The entries of an index.
  private struct Found {
    var sum = IndexSum()
    var isOrdered = true
  }

  /// Compares the indexes.
  ///
  /// - Parameter expected: What the log says.
  func run(_ expected: IndexSums, into result: inout Verification) throws(SQLiteFailure) {
    try compare("event_by_id", expected.byID, &result) { () throws(SQLiteFailure) in try ids() }
    for (column, sum) in [
      ("aggregate", expected.byAggregate), ("kind", expected.byKind), ("lane", expected.byLane),
    ] {
      try compare("event_by_\(column)", sum, &result) { () throws(SQLiteFailure) in try numbers(column) }
    }
    guard hasPostings else { return }
    try compare("posting", expected.posting, &result) { () throws(SQLiteFailure) in try postings() }
    try compare("sparse_index", expected.sparse, &result) { () throws(SQLiteFailure) in try sparseIndex() }
  }

  private func compare(
    _ index: String, _ expected: IndexSum, _ result: inout Verification, _ scan: () throws(SQLiteFailure) -> Found
  ) throws(SQLiteFailure) {
    do throws(SQLiteFailure) {
      let found = try scan()
      if !found.isOrdered { result.report("The index \(index) is not in order.") }
      guard found.sum != expected else { return }
      let difference =
        found.sum.count == expected.count
        ? "other entries than the log" : "\(found.sum.count) entries, but the log has \(expected.count)"
      result.report("The index \(index) has \(difference).")
    } catch {
      guard error.isDamage else { throw error }
      result.report("The index \(index) can't be read to its end (\(error.message)).")
    }
  }

  private func ids() throws(SQLiteFailure) -> Found {
    let row = try connection.statement("SELECT id, position FROM event INDEXED BY event_by_id ORDER BY id")
    defer { row.reset() }
    var found = Found()
    var last: ULID?
    while try row.step() {
      let id = row.ulid(0)
      if let last, last >= id { found.isOrdered = false }
      last = id
      found.sum.add(id.high ^ IndexSum.mixed(id.low), row.integer(1))
    }
    return found
  }

  /// Adds up the index of a column with numbers.
  private func numbers(_ column: String) throws(SQLiteFailure) -> Found {
    let row = try connection.statement(
      "SELECT \(column), position FROM event INDEXED BY event_by_\(column) ORDER BY \(column), position")
    defer { row.reset() }
    var found = Found()
    var last = (Int64.min, Int64.min)
    while try row.step() {
      let entry = (row.integer(0), row.integer(1))
      if entry <= last { found.isOrdered = false }
      last = entry
      found.sum.add(entry.0, entry.1)
    }
    return found
  }

  private func postings() throws(SQLiteFailure) -> Found {
    let row = try connection.statement("SELECT list, word, bits FROM posting")
    defer { row.reset() }
    var found = Found()
    while try row.step() {
      let (list, word) = (row.integer(0), row.integer(1))
      var bits = UInt64(bitPattern: row.integer(2))
      while bits != 0 {
        found.sum.add(list, word << 6 | Int64(bits.trailingZeroBitCount))
        bits &= bits - 1
      }
    }
    return found
  }

  private func sparseIndex() throws(SQLiteFailure) -> Found {
    let row = try connection.statement("SELECT aggregate, property, value, block, first FROM sparse_index")
    defer { row.reset() }
    var found = Found()
    while try row.step() {
      found.sum.add(IndexSum.mixed(row.integer(0), row.integer(1), row.integer(2), row.integer(3)), row.integer(4))
    }
    return found
  }
}
