/// Transfers that wait for a connection, first come, first served.
struct PendingQueue {
  private var entries: [TransferQueue.Entry] = []
  private var head = 0
  /// No entry has an earlier deadline. It may be too early after some have left, and is corrected when it passes.
  private(set) var nextDeadline: ContinuousClock.Instant?

  var isEmpty: Bool { head == entries.count }
  var count: Int { entries.count - head }

  mutating func append(_ entry: TransferQueue.Entry) {
    entries.append(entry)
    if let deadline = entry.transfer.deadline { nextDeadline = min(nextDeadline ?? deadline, deadline) }
  }

  /// - Complexity: O(1) amortized.
  mutating func popFirst() -> TransferQueue.Entry? {
    guard head < entries.count else { return nil }
    let entry = entries[head]
    head += 1
    if head == entries.count {
      entries.removeAll(keepingCapacity: head <= 1024)
      head = 0
      nextDeadline = nil
    } else if head >= 1024, head * 2 >= entries.count {
      entries.removeFirst(head)
      head = 0
    }
    return entry
  }

  /// Removes and returns the entries for which `isOut` is true.
  ///
  /// - Complexity: O(*n*).
  mutating func remove(where isOut: (TransferQueue.Entry) -> Bool) -> [TransferQueue.Entry] {
    var removed: [TransferQueue.Entry] = []
    var kept: [TransferQueue.Entry] = []
    for entry in entries[head...] {
      if isOut(entry) { removed.append(entry) } else { kept.append(entry) }
    }
    entries = kept
    head = 0
    nextDeadline = kept.lazy.compactMap(\.transfer.deadline).min()
    return removed
  }
}
