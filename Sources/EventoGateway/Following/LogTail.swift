internal import Evento
internal import Synchronization

/// Wakes those who follow the log, and of them those alone whose filter lets something new pass.
///
/// A thousand followers of something else would each look at the log after each commit. Here one looks for all: it reads
/// the names of what is new, once, and moves on the signals of the filters that it passes. As with every
/// ``CommitSignal``, whoever wakes up reads from its own place, so that nothing is lost or doubled by what happens here.
final class LogTail: Sendable {
  /// A place among those who follow with one filter, until it is let go. To be used as a ``CommitSignal``, which moves on
  /// after each commit of something that passes the filter, and now and then without one.
  final class Membership: Sendable {
    private let signal: CommitSignal
    private let leave: @Sendable () -> Void

    var count: UInt64 { signal.count }

    /// Whether nobody is to wait any more.
    var hasEnded: Bool { signal.hasEnded }

    func wait(past count: UInt64, until deadline: ContinuousClock.Instant) async {
      await signal.wait(past: count, until: deadline)
    }

    fileprivate init(_ signal: CommitSignal, leave: @escaping @Sendable () -> Void) {
      self.signal = signal
      self.leave = leave
    }

    deinit {
      leave()
    }
  }

  private struct State {
    var signals = FilterIndex<CommitSignal>()
    /// Which run is under way, counted from 1; `nil` while nobody follows.
    var run: Int?
    var runs = 0
  }

  private let executor: any Executor
  /// Kept, since without it nobody moves its signal.
  private let relay: CommitRelay
  private let state = Mutex(State())

  /// Events of one read.
  private static let pageEvents = 256
  /// How late a wait may end.
  private static let tick: Duration = .milliseconds(50)
  /// How long there may be no commit before it is asked whether anybody still follows.
  private static let patience: Duration = .seconds(1)

  init(_ executor: any Executor, relay: CommitRelay) {
    self.executor = executor
    self.relay = relay
  }

  /// Begins to follow.
  func join(_ filter: FollowFilter) -> Membership {
    let (signal, newRun) = state.withLock { state -> (CommitSignal, Int?) in
      let signal = state.signals.join(filter) { CommitSignal() }
      guard state.run == nil else { return (signal, nil) }
      state.runs += 1
      state.run = state.runs
      return (signal, state.runs)
    }
    if let newRun {
      // Apart, so that waits end in time where the store takes long.
      Task { await expireWaits(newRun) }
      Task { await look(newRun) }
    }
    return Membership(signal) { [weak self] in self?.state.withLock { $0.signals.leave(filter) } }
  }

  private func isUnderWay(_ run: Int) -> Bool {
    // One that has ended does not wait: to ask it again and again would keep a thread busy.
    !relay.signal.hasEnded && state.withLock { $0.run == run }
  }

  // MARK: Waking whom it concerns

  /// Reads the log's new events for as long as the run lasts.
  private func look(_ run: Int) async {
    var start = Args.Start.now
    while isUnderWay(run) {
      // Before the read, as whoever waits for commits has to.
      let count = relay.signal.count
      let began = ContinuousClock.now
      let (pace, hasMore) = await look(from: &start)
      if hasMore { continue }
      while relay.signal.count == count, isUnderWay(run) {
        await relay.signal.wait(past: count, until: .now + Self.patience)
      }
      // A task that nobody cancels: the sleep can't be cut short.
      let next = began + pace.pause
      if ContinuousClock.now < next { try? await Task.sleep(until: next) }
    }
  }

  /// Wakes who is to know of what is behind a place, and moves the place on.
  ///
  /// - Returns: when to look again, and whether there is more at once.
  private func look(from start: inout Args.Start) async -> (pace: TailPace, hasMore: Bool) {
    // A store whose events would all have to be fetched: whoever follows asks it for his own.
    guard executor is any EventViewer else { return (TailPace(events: 0, woken: wakeAll()), false) }
    let hasPlace = start != .now
    do {
      let page = try await executor.viewPage(
        nil, routingKey: .all, args: .forward(first: Self.pageEvents, after: start),
        into: { [self] in Audience { self.state.withLock { $0.signals } } })
      start = page.info.endCursor.map { .after($0) } ?? .beginning
      // What committed before there was a place is behind nobody's back: everybody looks for himself.
      let woken = hasPlace ? page.signals.reduce(0) { $0 + $1.advance() } : wakeAll()
      return (TailPace(events: page.events, woken: woken), page.info.hasNextPage)
    } catch {
      // Whoever follows finds out why when it reads.
      start = .now
      return (TailPace(events: 0, woken: wakeAll()), false)
    }
  }

  private func wakeAll() -> Int {
    state.withLock { $0.signals.values }.reduce(0) { $0 + $1.advance() }
  }

  // MARK: Ending waits

  /// Ends the waits whose time is over, and the run when nobody follows any more, or is to.
  private func expireWaits(_ run: Int) async {
    while true {
      // A task that nobody cancels: the sleep can't be cut short.
      try? await Task.sleep(for: Self.tick)
      let hasEnded = relay.signal.hasEnded
      let signals = state.withLock { state in
        if hasEnded || state.signals.isEmpty { state.run = nil }
        return state.signals.values
      }
      if hasEnded {
        for signal in signals { signal.end() }
        return
      }
      if signals.isEmpty { return }
      for signal in signals { _ = signal.expire() }
    }
  }
}
