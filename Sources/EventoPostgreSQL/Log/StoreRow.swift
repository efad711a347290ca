internal import EventoStorage

/// The one row of `store`: the end of the log, and the last ids of the tables of symbols.
///
/// Every commit updates this row first. Its lock makes the order of commits the order of positions, and rules out
/// deadlocks between gateways.
struct StoreRow: Equatable {
  /// The commit ID of the position before the first event.
  var origin: Int64
  var end: LogPosition
  var texts: Int64
  var kinds: Int64
  var lanes: Int64
  var aggregates: Int64
  /// Grows when a gateway has looked up what became of a commit; see ``WriterSession/isStored(_:)``.
  var term: Int64

  /// Returns whether no other commit has come in between.
  func isSameCommit(as other: StoreRow) -> Bool {
    end == other.end && origin == other.origin && term == other.term
  }
}

extension StoreRow {
  private static let columns = "origin, position, commit_id, texts, kinds, lanes, aggregates, term"
  static let statement = Statement("SELECT \(columns) FROM store")
  static let lockStatement = Statement("SELECT \(columns) FROM store FOR UPDATE")

  /// The failure of a table without exactly one row.
  static func missing(_ count: Int) -> PostgreSQLFailure {
    PostgreSQLFailure(
      .unsupported("The table \"store\" of the event store must have one row. Restore the database from a backup."),
      message: "\(count) rows", action: "read the store", mayHaveCommitted: false, isConnectionLost: false)
  }

  /// Reads the row of one of the statements above.
  init(_ result: QueryResult?) throws(PostgreSQLFailure) {
    guard let result, result.rowCount == 1 else { throw Self.missing(result?.rowCount ?? 0) }
    self.init(
      origin: result.integer(0, 0),
      end: LogPosition(position: result.integer(0, 1), commitID: result.integer(0, 2)),
      texts: result.integer(0, 3), kinds: result.integer(0, 4), lanes: result.integer(0, 5),
      aggregates: result.integer(0, 6), term: result.integer(0, 7))
  }
}
