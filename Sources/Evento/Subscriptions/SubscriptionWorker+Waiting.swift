extension SubscriptionWorker {
  /// How many commits the store has told of, where it can tell.
  var commitCount: UInt64? { commits?.count }

  private var commits: CommitSignal? { log?.commits ?? store.commits }

  /// Returns when there may be more to read, or when it is time to stop.
  ///
  /// The one place that decides how soon an event is noticed: it may return too early or too late, and no event is
  /// lost or handled twice for it. It waits for a commit, by the store's signal or by following the log, and looks
  /// every now and then all the same: that the subscriber is taken over or disabled is no commit. A store that can
  /// tell nothing is asked again after a fixed time.
  ///
  /// - Parameter seen: what ``commitCount`` was before the log was read.
  func waitForMore(past seen: UInt64?) async {
    let (interval, clock) = (log == nil ? options.pollInterval : options.followedCheckInterval, options.clock)
    guard let seen, let commits else { return await signal.sleep(for: interval, by: clock) }
    log?.begin(
      after: { [store, key] () throws in
        try await store.getSubscriberCursor(key).map(Args.Start.after) ?? .beginning
      },
      // Cut short where the worker stops.
      pause: { [options] in _ = try? await options.clock.sleep(for: options.pollInterval) })
    await signal.wait {
      await first(
        { await commits.wait(past: seen, until: .now + .seconds(60)) },
        { _ = try? await clock.sleep(for: interval) })
    }
  }
}

/// Waits until one of two has ended, and cancels the other.
private func first(
  _ one: @escaping @Sendable () async -> Void, _ other: @escaping @Sendable () async -> Void
) async {
  await withTaskGroup(of: Void.self) { group in
    group.addTask { await one() }
    group.addTask { await other() }
    await group.next()
    group.cancelAll()
  }
}
