internal import Evento

/// The accepted rows of the current commit that are not inserted yet. Those of several requests are inserted by one
/// statement, and their entries in posting lists and the sparse index last.
///
/// Code that reads events inside the transaction calls ``flush()`` first, or checks that the buffer has none of the
/// events that it reads.
final class InsertBuffer {
  private let connection: Connection
  private var rows: [NewEventRow] = []
  private var postings = Posting.Batch()
  private var sparseIndex: SparseIndex

  init(_ connection: Connection) {
    self.connection = connection
    sparseIndex = SparseIndex(connection)
    rows.reserveCapacity(NewEventRow.largestBatch)
  }

  func append(_ row: NewEventRow) throws(SQLiteFailure) {
    rows.append(row)
    postings.add(row)
    sparseIndex.add(row)
    if rows.count == NewEventRow.largestBatch { try insertRows() }
  }

  func hasEvent(_ id: ULID) -> Bool {
    rows.contains { $0.id == id }
  }

  func hasEvents(ofAggregate aggregate: Int64) -> Bool {
    rows.contains { $0.aggregate == aggregate }
  }

  /// Inserts everything. The events keep their order.
  func flush() throws(SQLiteFailure) {
    try insertRows()
    try postings.flush(on: connection)
    try sparseIndex.flush()
  }

  private func insertRows() throws(SQLiteFailure) {
    guard !rows.isEmpty else { return }
    defer { rows.removeAll(keepingCapacity: true) }
    try NewEventRow.insert(rows, on: connection)
  }

  /// Removes everything, after a transaction that was undone.
  func forget() {
    rows.removeAll(keepingCapacity: true)
    postings.removeAll()
    sparseIndex.forget()
  }
}
