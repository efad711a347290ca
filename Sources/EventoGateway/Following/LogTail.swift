internal import Evento
internal import Synchronization

/// Wakes those who follow the log, and of them those alone whose filter lets something new pass.
///
/// A thousand followers of something else would each look at the log after each commit. Here one looks for all: it reads
/// what is new, once, and moves on the signals of the filters that it passes. As with every ``CommitSignal``, whoever
/// wakes up reads from its own place, so that nothing is lost or doubled by what happens here.
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
    var isRunning = false
  }

  private let executor: any Executor
  private let commits: CommitSignal
  private let state = Mutex(State())

  /// Events of one read.
  private static let pageEvents = 256
  /// How late a wait may end.
  private static let interval: Duration = .milliseconds(50)

  init(_ executor: any Executor, commits: CommitSignal) {
    self.executor = executor
    self.commits = commits
  }

  /// Begins to follow.
  func join(_ filter: FollowFilter) -> Membership {
    let (signal, mustRun) = state.withLock { state -> (CommitSignal, Bool) in
      defer { state.isRunning = true }
      return (state.signals.join(filter) { CommitSignal() }, !state.isRunning)
    }
    if mustRun { Task { await run() } }
    return Membership(signal) { [weak self] in self?.state.withLock { $0.signals.leave(filter) } }
  }

  /// Reads the log's new events for as long as anybody follows.
  private func run() async {
    var start = Args.Start.now
    var nextExpiry = ContinuousClock.now
    while true {
      if commits.hasEnded { return end() }
      // Before the read, as whoever waits for commits has to.
      let count = commits.count
      let isDone = await look(from: &start)
      if ContinuousClock.now >= nextExpiry {
        nextExpiry = .now + Self.interval
        guard expire() else { return }
      }
      if isDone { await commits.wait(past: count, until: nextExpiry) }
    }
  }

  /// Wakes who is to know of what is behind a place, and moves the place on.
  ///
  /// - Returns: whether that was all there is.
  private func look(from start: inout Args.Start) async -> Bool {
    let hasPlace = start != .now
    do throws(EventoError) {
      let page = try await executor.read(nil, routingKey: .all, args: .forward(first: Self.pageEvents, after: start))
      start = page.pageInfo.endCursor.map { .after($0) } ?? .beginning
      // What committed before there was a place is behind nobody's back: everybody looks for himself.
      if !hasPlace { wakeAll() } else if !page.edges.isEmpty { wake(page.edges) }
      return !page.pageInfo.hasNextPage
    } catch {
      // Whoever follows finds out why when it reads.
      start = .now
      wakeAll()
      return true
    }
  }

  private func wake(_ edges: [Edge<Event>]) {
    let signals = state.withLock { $0.signals }
    for signal in signals.matching(edges) { signal.advance() }
  }

  private func wakeAll() {
    for signal in state.withLock({ $0.signals.values }) { signal.advance() }
  }

  /// Ends the waits whose time is over.
  ///
  /// - Returns: false where nobody follows any more, and this has stopped.
  private func expire() -> Bool {
    let signals = state.withLock { state in
      state.isRunning = !state.signals.isEmpty
      return state.signals.values
    }
    for signal in signals { _ = signal.expire() }
    return !signals.isEmpty
  }

  private func end() {
    let signals = state.withLock { state in
      state.isRunning = false
      return state.signals.values
    }
    for signal in signals { signal.end() }
  }
}
