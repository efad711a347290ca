internal import Evento
internal import Synchronization

/// Wakes the followers whose filter matches an event of a commit, and no others.
///
/// The hints of the commits say which events there are. As with every ``CommitSignal``, a follower that wakes up reads from
/// its own position, so nothing is lost or comes twice because of what happens here. If a commit has no hint, all followers
/// are woken.
final class LogTail: Sendable {
  /// A place among those who follow with one filter, until it is let go. To be used as a ``CommitSignal``, which moves on
  /// after each commit of something that passes the filter, and now and then without one.
  final class Membership: Sendable {
    private let member: FilterIndex<CommitSignal>.Member
    private let tail: LogTail

    fileprivate init(_ member: FilterIndex<CommitSignal>.Member, of tail: LogTail) {
      self.member = member
      self.tail = tail
    }

    deinit {
      tail.leave(member.number)
    }

    /// Names the filter: no other has it, or will.
    var number: Int { member.number }
    var filter: FollowFilter { member.filter }

    var count: UInt64 { member.value.count }

    /// Whether nobody is to wait any more.
    var hasEnded: Bool { member.value.hasEnded }

    func wait(
      past count: UInt64, until deadline: ContinuousClock.Instant, unless interruption: Interruption?
    ) async {
      await member.value.wait(past: count, until: deadline, unless: interruption)
    }

    /// Describes a read that has just ended, and has found the end of what passes the filter.
    ///
    /// - Parameter count: ``count`` from before the read.
    func mark(_ count: UInt64) -> Mark { Mark(count: count, ended: .now) }

    /// Whether another read might find something.
    func mayHaveNews(since mark: Mark) -> Bool { count != mark.count }

    /// A place at or behind the end of a mark's read, up to which nothing more passes the filter; `nil` if none is known.
    func quietPlace(since mark: Mark) -> Cursor? {
      // In this order: a commit moves the signals on before its end is the end.
      guard let end = tail.end, end.began > mark.ended, !mayHaveNews(since: mark) else { return nil }
      return end.place
    }
  }

  /// A read of the log.
  struct Mark: Sendable {
    let count: UInt64
    /// A commit that begins later lies behind all that the read saw.
    fileprivate let ended: ContinuousClock.Instant
  }

  /// The end of a commit. All events before it have moved the signals of their filters on.
  private struct End {
    let place: Cursor
    let began: ContinuousClock.Instant
  }

  /// Commits whose followers have not been woken yet.
  private struct News {
    private(set) var hints: [CommitHint] = []
    /// Whether there is more than the hints say.
    private(set) var isIncomplete = false
    private(set) var events = 0
    private(set) var end: End?
    private(set) var isEmpty = true

    mutating func add(_ hint: CommitHint?) {
      isEmpty = false
      end = hint.map { End(place: $0.end, began: $0.began) }
      guard !isIncomplete else { return }
      if let hint, events + hint.events.count <= CommitHint.maximumEvents {
        hints.append(hint)
        events += hint.events.count
      } else {
        isIncomplete = true
        hints = []
      }
    }
  }

  private struct State {
    var signals = FilterIndex<CommitSignal>()
    /// Whether commits are heard of, which they are while somebody follows.
    var isListening = false
    var news = News()
    /// Whether a task deals with the news.
    var isWaking = false
    var end: End?
  }

  private let load: Load
  private let filterBytes: Int
  /// Kept, since without it nobody moves its signal.
  private let relay: CommitRelay
  private let state = Mutex(State())

  /// How late a wait may end.
  private static let tick: Duration = .milliseconds(50)

  /// - Parameter filterBytes: the limit of ``filterCost``.
  init(relay: CommitRelay, load: Load, filterBytes: Int) {
    self.relay = relay
    self.load = load
    self.filterBytes = filterBytes
  }

  /// ``FollowFilter/cost`` of the filters of all followers.
  var filterCost: Int { state.withLock { $0.signals.cost } }

  /// Begins to follow.
  ///
  /// - Throws: `invalid_request` if the filter alone exceeds the limit of all followers' filters; `unavailable` if it does
  ///   together with those that are there.
  func join(_ filter: FollowFilter) throws(EventoError) -> Membership {
    guard filter.cost <= filterBytes else {
      throw EventoError(
        .invalidRequest,
        "This filter takes \(filter.cost) bytes; at most \(filterBytes) are allowed for all streams and waiting reads. "
          + "Use fewer or shorter filters.")
    }
    let (member, isFirst) = state.withLock { state -> (FilterIndex<CommitSignal>.Member?, Bool) in
      let member = state.signals.join(filter, upTo: filterBytes) { CommitSignal() }
      guard member != nil, !state.isListening else { return (member, false) }
      state.isListening = true
      return (member, true)
    }
    guard let member else {
      try load.refuse(
        "The filters of all streams and waiting reads may take \(filterBytes) bytes together, and this one would exceed "
          + "that. Use fewer or shorter filters, or retry shortly.")
    }
    if isFirst { listen() }
    return Membership(member, of: self)
  }

  private func leave(_ number: Int) {
    state.withLock { $0.signals.leave(number) }
  }

  private var end: End? { state.withLock { $0.end } }

  // MARK: Waking followers

  private func listen() {
    let listening = relay.signal.listen { [weak self] in self?.hear($0) }
    // Others may have joined meanwhile, and read the log before a commit that was not heard of.
    wakeAll()
    Task { await endWaits(listening) }
  }

  /// Called in the thread that has committed: leaves everything but the hint to a task.
  private func hear(_ hint: CommitHint?) {
    let isIdle = state.withLock { state in
      state.news.add(hint)
      defer { state.isWaking = true }
      return !state.isWaking
    }
    if isIdle { Task { await wakeFollowers() } }
  }

  private func wakeFollowers() async {
    while let news = takeNews() {
      let began = ContinuousClock.now
      let woken = wake(news)
      if woken < Self.crowd {
        await Task.yield()
      } else {
        // A task that nobody cancels: the sleep can't be cut short.
        try? await Task.sleep(until: began + Self.pause(events: news.events, woken: woken))
      }
    }
  }

  /// So many followers that each time they are woken takes from the writes beside them.
  private static let crowd = 32

  /// From one time that a crowd is woken to the next: the longer, the more there was to tell and the more were woken, since
  /// to read several events costs little more than to read one.
  private static func pause(events: Int, woken: Int) -> Duration {
    min(.milliseconds(1) + .microseconds(100) * events, .milliseconds(4) + .microseconds(100) * woken)
  }

  private func takeNews() -> News? {
    state.withLock { state in
      guard !state.news.isEmpty else {
        state.isWaking = false
        return nil
      }
      defer { state.news = News() }
      return state.news
    }
  }

  /// - Returns: how many have waited.
  private func wake(_ news: News) -> Int {
    let woken = news.isIncomplete ? wakeAll() : wakeMatching(news.hints)
    if let end = news.end { state.withLock { $0.end = end } }
    return woken
  }

  /// A follower that joins before an event is looked up is found for it. One that joins later reads the event itself, since
  /// it has committed.
  private func wakeMatching(_ hints: [CommitHint]) -> Int {
    var found = FilterIndex<CommitSignal>.Matches()
    for hint in hints {
      // Each by itself, so that who commits or joins has to wait for no more than one.
      for event in hint.events { state.withLock { $0.signals.find(event, &found) } }
    }
    return state.withLock { $0.signals.values(found) }.reduce(0) { $0 + $1.advance() }
  }

  @discardableResult private func wakeAll() -> Int {
    state.withLock { $0.signals.values }.reduce(0) { $0 + $1.advance() }
  }

  // MARK: Ending waits

  /// Ends waits whose time is over, and listens for as long as anybody follows and there may be commits.
  private func endWaits(_ listening: CommitSignal.Listening) async {
    while true {
      // A task that nobody cancels: the sleep can't be cut short.
      try? await Task.sleep(for: Self.tick)
      let hasEnded = relay.signal.hasEnded
      let signals = state.withLock { state in
        if hasEnded || state.signals.isEmpty { state.isListening = false }
        return state.signals.values
      }
      if hasEnded { for signal in signals { signal.end() } }
      if hasEnded || signals.isEmpty { break }
      let now = ContinuousClock.now
      for signal in signals { _ = signal.expire(at: now) }
    }
    withExtendedLifetime(listening) {}
  }
}
