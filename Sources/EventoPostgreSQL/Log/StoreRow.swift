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
