internal import Evento

/// The accepted rows of the current commit that are not inserted yet. Those of several requests are inserted by one
/// statement, and their entries in posting lists and the sparse index last.
///
/// Code that reads events inside the transaction calls ``flush()`` first, or checks that the buffer has none of the
/// events that it reads.
final class InsertBuffer {
  private let connection: Connection
  // One property: each access to a property of a class is checked for exclusivity at run time, and each event makes one.
  private var content: Content

  init(_ connection: Connection) {
    self.connection = connection
    content = Content(connection)
  }

  func append(_ row: NewEventRow) throws(SQLiteFailure) {
    try content.append(row, on: connection)
  }

  func hasEvent(_ id: ULID) -> Bool {
    content.rows.contains { $0.id == id }
  }

  func hasEvents(ofAggregate aggregate: Int64) -> Bool {
    content.rows.contains { $0.aggregate == aggregate }
  }

  /// Inserts everything. The events keep their order.
  func flush() throws(SQLiteFailure) {
    try content.flush(on: connection)
  }

  /// Removes everything, after a transaction that was undone.
  func forget() {
    content.forget()
  }
}

private struct Content {
  private(set) var rows: [NewEventRow] = []
  private var postings = Posting.Batch()
  private var sparseIndex: SparseIndex

  init(_ connection: Connection) {
    sparseIndex = SparseIndex(connection)
    rows.reserveCapacity(NewEventRow.largestBatch)
  }

  mutating func append(_ row: NewEventRow, on connection: Connection) throws(SQLiteFailure) {
    rows.append(row)
    postings.add(row)
    sparseIndex.add(row)
    if rows.count == NewEventRow.largestBatch { try insertRows(on: connection) }
  }

  mutating func flush(on connection: Connection) throws(SQLiteFailure) {
    try insertRows(on: connection)
    try postings.flush(on: connection)
    try sparseIndex.flush()
  }

  private mutating func insertRows(on connection: Connection) throws(SQLiteFailure) {
    guard !rows.isEmpty else { return }
    defer { rows.removeAll(keepingCapacity: true) }
    try NewEventRow.insert(rows, on: connection)
  }

  mutating func forget() {
    rows.removeAll(keepingCapacity: true)
    postings.removeAll()
    sparseIndex.forget()
  }
}
