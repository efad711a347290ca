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
