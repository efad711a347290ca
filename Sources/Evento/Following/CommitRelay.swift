internal import Synchronization

/// One signal for the commits of several executors.
///
/// It is moved on only while somebody waits on it, or listens: what has committed since then is noticed first, so that
/// nothing that commits between a reader's look and its wait is missed. For an executor without ``Executor/commits``,
/// the signal moves on ten times a second, and whoever waits looks for himself. It ends when every executor's has. The
/// hints of a single executor are passed on.
package final class CommitRelay: Sendable {
  package let signal = CommitSignal()
  private let sources: [CommitSignal]
  private let isPolling: Bool
  /// How often the signal moves on if a source can't tell, and how soon it stops to listen when nobody waits any more.
  private static let interval: Duration = .milliseconds(100)
  /// How far the sources were when they were last listened to.
  private let seen: Mutex<[UInt64]>

  package init(_ executors: [any Executor]) {
    let sources = executors.compactMap(\.commits)
    self.sources = sources
    isPolling = sources.count < executors.count
    seen = Mutex(sources.map(\.count))
    signal.whenAwaited { [weak self] in self?.start() }
  }

  private func start() {
    // Several sources know nothing of each other's events, nor of the cursors of all together.
    let isAlone = sources.count == 1 && !isPolling
    let listening = sources.map { source in
      source.listen { [weak self] hint in self?.relay(isAlone ? hint : nil) }
    }
    // What committed while nobody listened; after the above, so that nothing falls in between.
    if seen.withLock({ $0 != sources.map(\.count) }) || isFinished { relay(nil) }
    Task { [weak self] in
      repeat {
        // A task that nobody cancels: the sleep can't be cut short.
        try? await Task.sleep(for: Self.interval)
      } while self?.tick() == true
      withExtendedLifetime(listening) {}
    }
  }

  /// Moves the signal on after one of the sources.
  private func relay(_ hint: CommitHint?) {
    if isFinished { signal.finish() } else { signal.advance(hint) }
  }

  private var isFinished: Bool { !isPolling && sources.allSatisfy(\.isFinished) }

  /// - Returns: whether anybody still waits.
  private func tick() -> Bool {
    if isPolling { signal.advance() }
    // Before it is given up to listen.
    let counts = sources.map(\.count)
    if signal.isStillAwaited() { return true }
    seen.withLock { $0 = counts }
    return false
  }
}
