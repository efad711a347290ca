/// One signal for the commits of several executors.
///
/// It is moved on only while somebody waits on it: what has committed since then is noticed first, so that nothing that
/// commits between a reader's look and its wait is missed. An executor that is no ``CommitNotifier`` can't tell: for
/// its sake the signal moves on ten times a second, and whoever waits looks for himself. It ends when every executor's
/// has.
package final class CommitRelay: Sendable {
  package let signal = CommitSignal()
  private let sources: [CommitSignal]
  private let isPolling: Bool
  private let seen: CommitCounts

  private static let interval: Duration = .milliseconds(100)

  package init(_ executors: [any Executor]) {
    let sources = executors.compactMap { ($0 as? any CommitNotifier)?.commits }
    self.sources = sources
    isPolling = sources.count < executors.count
    seen = CommitCounts(sources.map(\.count))
    signal.whenAwaited { [weak self] in
      Task { [weak self] in await self?.watch() }
    }
  }

  private func watch() async {
    repeat {
      let known = relay()
      // One that has ended does not wait: to ask it again and again would keep a thread busy.
      let live = zip(sources, known).filter { !$0.0.hasEnded }
      if live.isEmpty, !isPolling { return signal.end() }
      await wait(on: live)
      if isPolling { signal.advance() } else { _ = relay() }
    } while signal.expire()
  }

  /// Moves the signal on where one of the sources has moved.
  private func relay() -> [UInt64] {
    let counts = sources.map(\.count)
    if seen.replace(with: counts) { signal.advance() }
    return counts
  }

  /// Waits until one of the sources has moved past a count, or for a moment.
  private func wait(on sources: [(CommitSignal, UInt64)]) async {
    let deadline = ContinuousClock.now + Self.interval
    await withTaskGroup(of: Void.self) { group in
      for (source, count) in sources {
        group.addTask { await source.wait(past: count, until: deadline) }
      }
      // Ends early only where it is cancelled, and then there is nothing left to wait for.
      if isPolling { group.addTask { try? await Task.sleep(until: deadline) } }
      await group.next()
      group.cancelAll()
    }
  }
}

extension CommitSignal {
  /// The signal of one executor or of several together.
  static func of(_ executors: [any Executor]) -> (signal: CommitSignal, relay: CommitRelay?) {
    if executors.count == 1, let notifier = executors[0] as? any CommitNotifier { return (notifier.commits, nil) }
    let relay = CommitRelay(executors)
    return (relay.signal, relay)
  }

  /// Sees to it that waits end at their deadlines, twenty times a second while anybody waits: for a store that advances
  /// the signal with each of its commits and has nothing else to look at.
  package func expireWhileAwaited() {
    whenAwaited { [weak self] in
      Task { [weak self] in
        repeat {
          // A task that nobody cancels: the sleep can't be cut short.
          try? await Task.sleep(for: .milliseconds(50))
        } while self?.expire() == true
      }
    }
  }
}
