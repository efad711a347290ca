internal import Evento
internal import Synchronization

/// Wakes those who wait at the end of the log: when the store's signal says that it has grown, or, where a store gives no
/// signal, ten times a second so that they look themselves; and when the gateway stops.
final class LogWatch: Sendable {
  /// What they wait for.
  let signal = CommitSignal()
  private let source: CommitSignal?
  private let seen: Mutex<UInt64>
  private let isStopped = Atomic(false)

  /// How late a deadline may be noticed, and how often a store without a signal is looked at.
  private static let interval: Duration = .milliseconds(100)

  init(_ executor: any Executor) {
    source = (executor as? any CommitNotifier)?.commits
    seen = Mutex(source?.count ?? 0)
    signal.whenAwaited { [weak self] in
      Task { [weak self] in await self?.watch() }
    }
  }

  /// Whether nobody is to wait any more.
  var hasStopped: Bool { isStopped.load(ordering: .acquiring) }

  func stop() {
    isStopped.store(true, ordering: .releasing)
    signal.advance()
  }

  /// Runs for as long as anybody waits. What has committed since it ran last is noticed first, so that nothing that
  /// commits between a reader's look and its wait is missed.
  private func watch() async {
    repeat {
      // A store that is closed tells of nothing more: who waits finds out when it reads.
      if hasStopped || source?.hasEnded == true {
        signal.advance()
      } else if let source {
        let known = relay(source)
        await source.wait(past: known, until: .now + Self.interval)
        _ = relay(source)
      } else {
        // A task that nobody cancels: the sleep can't be cut short.
        try? await Task.sleep(for: Self.interval)
        signal.advance()
      }
    } while signal.expire()
  }

  private func relay(_ source: CommitSignal) -> UInt64 {
    let count = source.count
    let isNew = seen.withLock { seen in
      defer { seen = count }
      return seen != count
    }
    if isNew { signal.advance() }
    return count
  }
}
