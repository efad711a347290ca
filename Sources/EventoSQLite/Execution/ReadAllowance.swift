/// What one read may cost before it counts as long, as bytes of content or the same in work of SQLite.
///
/// Nobody can tell beforehand what a read costs: a page of ten events may have kilobytes or megabytes, and a filter may
/// match the next event or none. So it is counted while it runs.
///
/// Confined to the queue of its connection.
final class ReadAllowance {
  /// A page of a thousand ordinary events from several sources costs less: some milliseconds.
  static let limit = 2 << 20
  /// The limit while other reads wait.
  static let limitWhileOthersWait = 256 << 10
  /// The cost of a statement, which usually searches an index.
  static let statementCost = 512
  /// How many instructions of SQLite's virtual machine are counted at once.
  static let operationsAtOnce: Int32 = 1000
  /// What that many count as.
  private static let operationsCost = 16 << 10

  private var left = Int.max

  /// Whether there is none left.
  var isSpent: Bool { left < 0 }

  /// Grants a limit to the read that begins.
  func renew(_ limit: Int) { left = limit }

  /// Counts nothing from now on.
  func suspend() { left = .max }

  /// - Returns: whether that was within the limit.
  func spend(_ cost: Int) -> Bool {
    guard left != .max else { return true }
    left -= cost
    return !isSpent
  }

  /// Counts ``operationsAtOnce``.
  func spendOperations() -> Bool { spend(Self.operationsCost) }
}
