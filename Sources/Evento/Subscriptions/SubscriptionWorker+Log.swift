extension SubscriptionWorker {
  /// The reason why a worker can't continue through the log.
  enum StopReason {
    case ended(SubscriptionOutcome)
    /// The subscriber is disabled.
    case disabled
    /// The subscriber's cursor was set from outside.
    case moved
    /// The store has ended its stream with an error.
    case streamFailed(any Error)
    case failed(Failure)
  }

  /// Events that are handled together.
  struct Batch {
    var edges: [Edge<Event>] = []
    var hasMore = false
    /// The time of the newest event to handle, from which the lag is measured.
    var latest = Timestamp(milliseconds: 0)
  }

  /// Handles the events after the stored cursor, and then those that commit, until an error.
  ///
  /// Stored events are read page by page, and new ones come through a stream, if the store has one. Each
  /// acknowledgement returns the subscriber, with its worker and whether it is enabled, so an event costs no other
  /// call. While nothing is acknowledged, the worker checks this at intervals.
  ///
  /// - Parameter once: Returns as soon as there is nothing more to read.
  func goThroughLog(once: Bool, _ failures: inout FailureCounts) async -> StopReason {
    do {
      switch try await ownership() {
      case .running(let cursor): return try await goThroughLog(after: cursor, once: once, &failures)
      case .disabled: return .disabled
      case .takenOver: return .ended(.takenOver)
      }
    } catch {
      failures.store += 1
      return .failed(Failure(error: EventoError(wrapping: error), attempt: failures.store))
    }
  }

  private func goThroughLog(
    after cursor: Cursor?, once: Bool, _ failures: inout FailureCounts
  ) async throws -> StopReason {
    var remembered = cursor
    var start = cursor.map(Args.Start.after) ?? .beginning
    var stream: FollowedPages?
    var sinceCheck = Stopwatch(options.clock)
    while !signal.isStopped {
      let commits = stream?.arrivals ?? store.commits
      // Before the page is read: a later commit ends the wait for more.
      let seen = commits?.count
      let batch: Batch
      if let stream {
        switch stream.take() {
        case .success(let edges):
          batch = try await self.batch(streamed: edges)
          failureLog.recovered("stream", "Subscription \"\(key)\" is streamed again.")
        case .failure(let error): return .streamFailed(error)
        case nil: batch = Batch()
        }
      } else {
        batch = try await read(&start)
        if batch.edges.isEmpty { succeeded(.store, &failures) }
      }
      if let last = batch.edges.last {
        if let reason = await handle(batch, &remembered, &failures) { return reason }
        start = .after(last.cursor)
      }
      if batch.hasMore { continue }
      if once { return .ended(signal.isStopped ? .stopped : .caughtUp) }
      if stream == nil, isStreamed {
        stream = FollowedPages(store.events(matching: filters, routingKey: subscription.routing, after: start))
        continue
      }
      await waitForMore(commits, past: seen)
      guard !signal.isStopped, sinceCheck.elapsed >= checkInterval else { continue }
      switch try await ownership() {
      case .running(let cursor): if cursor != remembered { return .moved }
      case .disabled: return .disabled
      case .takenOver: return .ended(.takenOver)
      }
      sinceCheck = Stopwatch(options.clock)
    }
    return .ended(.stopped)
  }

  // MARK: The subscriber

  /// The store's view of this worker.
  private enum Ownership {
    /// It holds the subscriber, which has this cursor.
    case running(Cursor?)
    case disabled
    case takenOver
  }

  private func ownership() async throws -> Ownership {
    do {
      guard let subscriber = try await store.subscriber(key) else { throw EventoError.subscriberNotFound(key) }
      guard subscriber.workerID == id else { return .takenOver }
      return subscriber.isEnabled ? .running(subscriber.cursor) : .disabled
    } catch let error as EventoError where error.code == .notImplemented {
      // Checked below.
    }
    // A store without details leaves it at disabled, also if another worker has the subscriber.
    guard try await store.isSubscriberRunning(key, workerID: id) else { return .disabled }
    return .running(try await store.getSubscriberCursor(key))
  }

  /// A takeover, a disabled subscriber and a reset of its cursor are not commits, so they are checked at intervals.
  private var checkInterval: Duration {
    isStreamed ? options.followedCheckInterval : options.pollInterval
  }

  // MARK: Reading

  /// Reads the page after a position. If no event matches, it moves the position past the others.
  private func read(_ start: inout Args.Start) async throws -> Batch {
    let page = try await store.read(
      filters, routingKey: subscription.routing, args: .forward(first: options.chunkSize, after: start))
    if page.edges.isEmpty, let end = page.pageInfo.endCursor { start = .after(end) }
    return Batch(
      edges: page.edges, hasMore: page.pageInfo.hasNextPage,
      latest: try await latest(page.edges, hasMore: page.pageInfo.hasNextPage))
  }

  /// A stream does not say if it has more: if so many events have arrived at once, it may be far from the end.
  private func batch(streamed edges: [Edge<Event>]) async throws -> Batch {
    Batch(edges: edges, latest: try await latest(edges, hasMore: edges.count >= Self.manyEvents))
  }

  private static let manyEvents = 300

  private func latest(_ edges: [Edge<Event>], hasMore: Bool) async throws -> Timestamp {
    let last = edges.last?.node.timestamp ?? Timestamp(milliseconds: 0)
    guard hasMore else { return last }
    let newest = try await store.read(filters, routingKey: subscription.routing, args: .backward(last: 1))
    return newest.edges.last?.node.timestamp ?? last
  }

  // MARK: Waiting

  /// Returns when there may be more to read, when it is time to check, or when it must stop.
  ///
  /// Only this method decides how soon an event is noticed. If it returns too early or too late, no event is lost or
  /// handled twice. A store that can't report commits is polled at a fixed interval.
  private func waitForMore(_ commits: CommitSignal?, past seen: UInt64?) async {
    let (interval, clock) = (checkInterval, options.clock)
    guard let commits, let seen else { return await signal.sleep(for: interval, by: clock) }
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
