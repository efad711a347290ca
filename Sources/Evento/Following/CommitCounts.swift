internal import Synchronization

/// How far several signals were when they were looked at last.
final class CommitCounts: Sendable {
  private let counts: Mutex<[UInt64]>

  init(_ counts: [UInt64]) {
    self.counts = Mutex(counts)
  }

  /// - Returns: whether they have changed.
  func replace(with new: [UInt64]) -> Bool {
    counts.withLock { counts in
      defer { counts = new }
      return counts != new
    }
  }
}
