extension SubscriptionWorker {
  /// Why a worker can't go on through the log.
  enum Outcome {
    case ended(SubscriptionEnd)
    /// The subscriber is disabled.
    case disabled
    /// Somebody has set the subscriber's cursor.
    case moved
    /// The store has ended its stream with an error.
    case followerFailed
    case failed(Trouble)
  }

  /// Events that are to be handled in one go.
  struct Page {
    var edges: [Edge<Event>] = []
    var hasMore = false
    /// The time of the newest event that there is to handle: the measure of the lag.
    var latest = Timestamp(milliseconds: 0)
  }

  /// Handles the events behind the cursor that the store remembers, and then those that commit, for as long as nothing
  /// goes wrong.
  ///
  /// What is there already is read page by page, and what commits comes through a stream, if the store has one. Whether
  /// the worker still holds an enabled subscriber comes back with each acknowledgement, so an event costs no other call.
  /// While nothing is acknowledged, the worker checks every now and then.
  ///
  /// - Parameter once: returns as soon as there is nothing more to read.
  func goThroughLog(once: Bool, _ failures: inout Failures) async -> Outcome {
    do {
      switch try await standing() {
      case .running(let cursor): return try await goThroughLog(after: cursor, once: once, &failures)
      case .disabled: return .disabled
      case .takenOver: return .ended(.takenOver)
      }
    } catch {
      failures.store += 1
      return .failed(Trouble(error: EventoError(wrapping: error), attempt: failures.store))
    }
  }

  private func goThroughLog(
    after cursor: Cursor?, once: Bool, _ failures: inout Failures
  ) async throws -> Outcome {
    var remembered = cursor
    var start = cursor.map(Args.Start.after) ?? .beginning
    var stream: FollowedPages?
    var sinceCheck = Stopwatch(options.clock)
    while !signal.isStopped {
      let commits = stream?.arrivals ?? store.commits
      // Before the page is read: what commits after that ends the wait for more.
      let seen = commits?.count
      let page: Page
      if let stream {
        switch stream.take() {
        case .success(let edges): page = try await self.page(streamed: edges)
        case .failure: return .followerFailed
        case nil: page = Page()
        }
      } else {
        page = try await read(&start)
        if page.edges.isEmpty { succeeded(.store, &failures) }
      }
      if let last = page.edges.last {
        if let outcome = await handle(page, &remembered, &failures) { return outcome }
        start = .after(last.cursor)
      }
      if page.hasMore { continue }
      if once { return .ended(signal.isStopped ? .stopped : .caughtUp) }
      if stream == nil, isStreamed {
        stream = FollowedPages(store.events(matching: filters, routingKey: subscription.routing, after: start))
        continue
      }
      await waitForMore(commits, past: seen)
      guard !signal.isStopped, sinceCheck.elapsed >= checkInterval else { continue }
      switch try await standing() {
      case .running(let cursor): if cursor != remembered { return .moved }
      case .disabled: return .disabled
      case .takenOver: return .ended(.takenOver)
      }
      sinceCheck = Stopwatch(options.clock)
    }
    return .ended(.stopped)
  }

  // MARK: The subscriber

  /// What the store says of this worker.
  private enum Standing {
    /// It holds the subscriber, which has got to this cursor.
    case running(Cursor?)
    case disabled
    case takenOver
  }

  private func standing() async throws -> Standing {
    do {
      guard let subscriber = try await store.subscriber(key) else { throw EventoError.subscriberNotFound(key) }
      guard subscriber.workerID == id else { return .takenOver }
      return subscriber.isEnabled ? .running(subscriber.cursor) : .disabled
    } catch let error as EventoError where error.code == .notImplemented {
      // Asked below.
    }
    // A store that tells no more leaves it at disabled, also if another worker has the subscriber.
    guard try await store.isSubscriberRunning(key, workerID: id) else { return .disabled }
    return .running(try await store.getSubscriberCursor(key))
  }

  /// That the subscriber is taken over, disabled or sent back is no commit.
  private var checkInterval: Duration {
    isStreamed ? options.followedCheckInterval : options.pollInterval
  }

  // MARK: Pages

  /// Reads the page behind a position, and moves the position past what does not match if there is nothing else.
  private func read(_ start: inout Args.Start) async throws -> Page {
    let page = try await store.read(
      filters, routingKey: subscription.routing, args: .forward(first: options.chunkSize, after: start))
    if page.edges.isEmpty, let end = page.pageInfo.endCursor { start = .after(end) }
    return Page(
      edges: page.edges, hasMore: page.pageInfo.hasNextPage,
      latest: try await latest(page.edges, hasMore: page.pageInfo.hasNextPage))
  }

  /// A stream doesn't tell whether it has more: if so many events have come at once, it may be far from the end.
  private func page(streamed edges: [Edge<Event>]) async throws -> Page {
    Page(edges: edges, latest: try await latest(edges, hasMore: edges.count >= Self.manyEvents))
  }

  private static let manyEvents = 300

  private func latest(_ edges: [Edge<Event>], hasMore: Bool) async throws -> Timestamp {
    let last = edges.last?.node.timestamp ?? Timestamp(milliseconds: 0)
    guard hasMore else { return last }
    let newest = try await store.read(filters, routingKey: subscription.routing, args: .backward(last: 1))
    return newest.edges.last?.node.timestamp ?? last
  }

  // MARK: Waiting

  /// Returns when there may be more to read, when it is time to check, or to stop.
  ///
  /// The one place that decides how soon an event is noticed: it may return too early or too late, and no event is
  /// lost or handled twice for it. A store that can tell nothing is asked again after a fixed time.
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
