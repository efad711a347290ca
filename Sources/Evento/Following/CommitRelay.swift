internal import Synchronization

/// One signal for the commits of several executors.
///
/// It advances only while something waits for it or listens. First it compares the counts of the executors, so that no
/// commit between a reader's check and its wait is missed. For an executor without ``Executor/commits``, the signal
/// advances ten times a second, and every reader checks by reading. It ends when the signals of all executors have
/// ended. The hints of a single executor are passed on.
package final class CommitRelay: Sendable {
  package let signal = CommitSignal()
  private let sources: [CommitSignal]
  private let isPolling: Bool
  /// The interval at which the signal advances if a source can't notice commits, and after which it stops listening if
  /// nothing waits.
  private static let interval: Duration = .milliseconds(100)
  /// The counts of the sources when the relay last listened to them.
  private let seen: Mutex<[UInt64]>

  package init(_ executors: [any Executor]) {
    let sources = executors.compactMap(\.commits)
    self.sources = sources
    isPolling = sources.count < executors.count
    seen = Mutex(sources.map(\.count))
    signal.whenAwaited { [weak self] in self?.start() }
  }

  private func start() {
    // Several sources have no events of each other, and no cursors of all together.
    let isAlone = sources.count == 1 && !isPolling
    let listening = sources.map { source in
      source.listen { [weak self] hint in self?.relay(isAlone ? hint : nil) }
    }
    // Commits while the relay did not listen. Checked after the above, so that none is missed in between.
    if seen.withLock({ $0 != sources.map(\.count) }) || isFinished { relay(nil) }
    Task { [weak self] in
      repeat {
        // Nothing cancels this task, so the sleep can't be cut short.
        try? await Task.sleep(for: Self.interval)
      } while self?.tick() == true
      withExtendedLifetime(listening) {}
    }
  }

  /// Advances the signal after one of the sources.
  private func relay(_ hint: CommitHint?) {
    if isFinished { signal.finish() } else { signal.advance(hint) }
  }

  private var isFinished: Bool { !isPolling && sources.allSatisfy(\.isFinished) }

  /// - Returns: True if something still waits.
  private func tick() -> Bool {
    if isPolling { signal.advance() }
    // Read before it stops listening.
    let counts = sources.map(\.count)
    if signal.isStillAwaited() { return true }
    seen.withLock { $0 = counts }
    return false
  }
}
