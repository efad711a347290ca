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
    /// The position after it.
    var end: Args.Start
    /// The time of the newest event to handle, from which the lag is measured.
    var latest = Timestamp(milliseconds: 0)
  }

  /// The newest event of the log, as of a moment.
  private struct NewestEvent {
    let timestamp: Timestamp
    let age: Stopwatch
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
      case .running(let cursor):
        var progress = Progress(remembered: cursor)
        let end: Result<StopReason, any Error>
        do {
          end = .success(try await readAndHandle(once: once, &progress, &failures))
        } catch {
          end = .failure(error)
        }
        // A retry starts at the stored cursor, which must be that of the last acknowledgement.
        if let reason = await settle(&progress, &failures) { return reason }
        return try end.get()
      case .disabled: return .disabled
      case .takenOver: return .ended(.takenOver)
      }
    } catch {
      failures.store += 1
      return .failed(Failure(error: EventoError(wrapping: error), attempt: failures.store))
    }
  }

  private func readAndHandle(
    once: Bool, _ progress: inout Progress, _ failures: inout FailureCounts
  ) async throws -> StopReason {
    var start = progress.remembered.map(Args.Start.after) ?? .beginning
    var ahead: ReadAhead<Batch>?
    var stream: FollowedPages?
    var newest: NewestEvent?
    var sinceCheck = Stopwatch(options.clock)
    while !signal.isStopped {
      let commits = stream?.arrivals ?? store.commits
      // Before the page is read: a later commit ends the wait for more.
      let seen = commits?.count
      var batch: Batch
      if let stream {
        switch stream.take() {
        case .success(let edges):
          batch = Batch(edges: edges, end: edges.last.map { .after($0.cursor) } ?? start)
          failureLog.recovered("stream", "Subscription \"\(key)\" is streamed again.")
        case .failure(let error): return .streamFailed(error)
        case nil: batch = Batch(end: start)
        }
      } else if let page = ahead {
        batch = try await page.value()
      } else {
        batch = try await read(after: start)
        if batch.edges.isEmpty { succeeded(.store, &failures) }
      }
      // Nothing says whether more has committed since a page was read ahead.
      let mayHaveMore = batch.hasMore || ahead != nil
      start = batch.end
      batch.latest = try await latest(batch, &newest)
      // Read while this one is handled.
      ahead = batch.hasMore ? ReadAhead { [start] () throws in try await read(after: start) } : nil
      if !batch.edges.isEmpty, let reason = await handle(batch, hasMore: mayHaveMore, &progress, &failures) {
        return reason
      }
      if mayHaveMore { continue }
      if let reason = await settle(&progress, &failures) { return reason }
      if once { return .ended(signal.isStopped ? .stopped : .caughtUp) }
      if stream == nil, isStreamed {
        stream = FollowedPages(store.events(matching: filters, routingKey: subscription.routing, after: start))
        continue
      }
      await waitForMore(commits, past: seen)
      guard !signal.isStopped, sinceCheck.elapsed >= checkInterval else { continue }
      switch try await ownership() {
      case .running(let cursor): if cursor != progress.remembered { return .moved }
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

  /// Reads the page after a position. If no event matches, its end is past the others.
  private func read(after start: Args.Start) async throws -> Batch {
    let page = try await store.read(
      filters, routingKey: subscription.routing, args: .forward(first: options.chunkSize, after: start))
    let end = page.edges.last?.cursor ?? page.pageInfo.endCursor
    return Batch(edges: page.edges, hasMore: page.pageInfo.hasNextPage, end: end.map(Args.Start.after) ?? start)
  }

  /// Returns the time of the newest event to handle. Behind the end of the log, it is at most a second old: the lag is
  /// measured in seconds.
  private func latest(_ batch: Batch, _ newest: inout NewestEvent?) async throws -> Timestamp {
    guard let last = batch.edges.last?.node.timestamp else { return Timestamp(milliseconds: 0) }
    // A stream does not say if it has more: if so many events have arrived at once, it may be far from the end.
    guard batch.hasMore || batch.edges.count >= Self.manyEvents else { return last }
    if let newest, newest.age.elapsed < .seconds(1) { return max(newest.timestamp, last) }
    let age = Stopwatch(options.clock)
    let page = try await store.read(filters, routingKey: subscription.routing, args: .backward(last: 1))
    let timestamp = page.edges.last?.node.timestamp ?? last
    newest = NewestEvent(timestamp: timestamp, age: age)
    return timestamp
  }

  private static let manyEvents = 300

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
