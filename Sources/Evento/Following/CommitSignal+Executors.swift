extension CommitSignal {
  /// The signal of one executor or of several together.
  ///
  /// - Returns: with it, what keeps it moving for as long as it is held.
  static func of(_ executors: [any Executor]) -> (signal: CommitSignal, relay: CommitRelay?) {
    if executors.count == 1, let notifier = executors[0] as? any CommitNotifier { return (notifier.commits, nil) }
    let relay = CommitRelay(executors)
    return (relay.signal, relay)
  }
}

/// A ``CommitNotifier`` over other executors. Where one of these can't tell of commits, the signal moves on by itself ten
/// times a second, and whoever waits looks for himself each time.
package protocol RelayingNotifier: CommitNotifier {
  /// Those whose commits the signal tells of.
  var sources: [any Executor] { get }
}

extension Executor {
  /// Whether it tells of commits as they happen, and not by guess.
  package var tellsOfCommits: Bool {
    if let relaying = self as? any RelayingNotifier { return relaying.sources.allSatisfy(\.tellsOfCommits) }
    return self is any CommitNotifier
  }
}
