/// The cost after which a read counts as long, in bytes of content or equivalent work of SQLite.
///
/// The cost of a read is not known in advance: a page of ten events may have kilobytes or megabytes, and a filter may
/// match the next event or none. So it is counted while the read runs.
///
/// Confined to the queue of its connection.
final class ReadAllowance {
  /// A page of a thousand ordinary events from several sources costs less: some milliseconds.
  static let limit = 2 << 20
  /// The limit while other reads wait.
  static let limitWhileOthersWait = 256 << 10
  /// The cost of a statement, which usually searches an index.
  static let statementCost = 512
  /// The number of instructions of SQLite's virtual machine that are counted at once.
  static let operationsAtOnce: Int32 = 1000
  /// The cost of ``operationsAtOnce`` instructions.
  private static let operationsCost = 16 << 10

  private var left = Int.max

  /// True if none is left.
  var isSpent: Bool { left < 0 }

  /// Sets the limit for the read that begins.
  func renew(_ limit: Int) { left = limit }

  /// Counts nothing from now on.
  func suspend() { left = .max }

  /// Counts a cost.
  ///
  /// - Returns: True if it is within the limit.
  func spend(_ cost: Int) -> Bool {
    guard left != .max else { return true }
    left -= cost
    return !isSpent
  }

  /// Counts ``operationsAtOnce``.
  func spendOperations() -> Bool { spend(Self.operationsCost) }
}
