extension SubscriptionWorker {
  /// How many commits the store has told of, where it can tell.
  var commitCount: UInt64? { (store as? any CommitNotifier)?.commits.count }

  /// Returns when there may be more to read, or when it is time to stop.
  ///
  /// The one place that decides how soon an event is noticed: it may return too early or too late, and no event is
  /// lost or handled twice for it. It waits for a commit, by the store's signal or by following the log, and looks
  /// every now and then all the same: that the subscriber is taken over or disabled is no commit. A store that can
  /// tell nothing is asked again after a fixed time.
  ///
  /// - Parameter seen: what ``commitCount`` was before the log was read.
  func waitForMore(past seen: UInt64?) async {
    let (interval, clock) = (options.pollInterval, options.clock)
    if let seen, let commits = (store as? any CommitNotifier)?.commits {
      await signal.wait {
        await first(
          { await commits.wait(past: seen, until: .now + .seconds(60)) },
          { _ = try? await clock.sleep(for: interval) })
      }
    } else if let follower = store as? any EventFollower {
      await signal.wait { [self] in
        await first(
          { await waitForEvent(by: follower) }, { _ = try? await clock.sleep(for: options.followedCheckInterval) })
      }
    } else {
      await signal.sleep(for: interval, by: clock)
    }
  }

  /// Waits until there is an event that is not acknowledged yet.
  private func waitForEvent(by follower: any EventFollower) async {
    do throws(EventoError) {
      let cursor = try await store.getSubscriberCursor(key)
      var events = follower.events(
        matching: filters, routingKey: subscription.routing, after: cursor.map(Args.Start.after) ?? .beginning
      ).makeAsyncIterator()
      _ = try await events.next()
    } catch {
      // The next read of the log meets it too, and that one is reported. Cut short where the worker stops.
      _ = try? await options.clock.sleep(for: options.pollInterval)
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
