/// What one read may cost before it counts as long, as bytes of content or the same in work of SQLite.
///
/// Nobody can tell beforehand what a read costs: a page of ten events may have kilobytes or megabytes, and a filter may
/// match the next event or none. So it is counted while it runs.
///
/// Confined to the queue of its connection.
final class ReadAllowance {
  /// As much as a page of a thousand ordinary events, which takes a few milliseconds.
  static let limit = 1 << 20
  /// What it counts as that a statement is run, which is to search an index as a rule.
  static let statementCost = 4 << 10
  /// How many instructions of SQLite's virtual machine are counted at once.
  static let operationsAtOnce: Int32 = 1000
  /// What that many count as.
  private static let operationsCost = 16 << 10

  private var left = Int.max

  /// Whether there is none left.
  var isSpent: Bool { left < 0 }

  /// Grants the whole limit to the read that begins.
  func renew() { left = Self.limit }

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
