internal import Evento
internal import Synchronization

/// Wakes the followers whose filter matches an event of a commit, and no others.
///
/// The hints of the commits say which events were added. As with every ``CommitSignal``, a woken follower reads from
/// its own position, so this class can't lose or repeat events. If a commit has no hint, all followers are woken.
final class FollowerHub: Sendable {
  /// The membership of a follower, until it is released. Use it like a ``CommitSignal``, which advances after each
  /// commit of a matching event, and sometimes without one.
  final class Membership: Sendable {
    private let member: FilterIndex<CommitSignal>.Member
    private let hub: FollowerHub

    fileprivate init(_ member: FilterIndex<CommitSignal>.Member, of hub: FollowerHub) {
      self.member = member
      self.hub = hub
    }

    deinit {
      hub.leave(member.number)
    }

    /// The number of the filter, which no other filter ever has.
    var number: Int { member.number }
    var filter: FollowFilter { member.filter }

    var count: UInt64 { member.value.count }

    /// True if no follower may wait any more.
    var isFinished: Bool { member.value.isFinished }

    func wait(
      past count: UInt64, until deadline: ContinuousClock.Instant, unless interruption: Interruption?
    ) async {
      await member.value.wait(past: count, until: deadline, unless: interruption)
    }

    /// Returns the mark of a read that has just ended, and has found no further matching event.
    ///
    /// - Parameter count: The ``count`` from before the read.
    func mark(_ count: UInt64) -> Mark { Mark(count: count, ended: .now) }

    /// Returns true if another read may find something.
    func mayHaveEvents(since mark: Mark) -> Bool { count != mark.count }

    /// A position at or after the end of a mark's read, up to which there is no further matching event; `nil` if none
    /// is known.
    func quietPosition(since mark: Mark) -> Cursor? {
      // In this order: a commit advances the signals before its end becomes the end.
      guard let end = hub.end, end.began > mark.ended, !mayHaveEvents(since: mark) else { return nil }
      return end.position
    }
  }

  /// A read of the log.
  struct Mark: Sendable {
    let count: UInt64
    /// A commit that begins later is after everything that the read saw.
    fileprivate let ended: ContinuousClock.Instant
  }

  /// The end of a commit. The signals of all events before it have advanced.
  private struct End {
    let position: Cursor
    let began: ContinuousClock.Instant
  }

  /// Commits whose followers have not been woken yet.
  private struct PendingCommits {
    private(set) var hints: [CommitHint] = []
    /// True if there is more than the hints say.
    private(set) var isIncomplete = false
    private(set) var events = 0
    private(set) var end: End?
    private(set) var isEmpty = true

    mutating func add(_ hint: CommitHint?) {
      isEmpty = false
      end = hint.map { End(position: $0.end, began: $0.began) }
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
    /// True while it listens for commits, which it does if there are followers.
    var isListening = false
    /// True once all followers have been woken after that began: they may have read the log before a commit that was not
    /// reported, and until then a hint does not say all that they have to read.
    var areHintsComplete = false
    var pending = PendingCommits()
    /// True if a task is handling pending commits.
    var isWaking = false
    var end: End?
  }

  private let admission: AdmissionControl
  private let filterBytes: Int
  /// Kept alive, because the relay advances its signal.
  private let relay: CommitRelay
  private let state = Mutex(State())

  /// The interval of the check that there are still followers.
  private static let checkInterval: Duration = .milliseconds(50)

  /// - Parameter filterBytes: The limit of ``filterCost``.
  init(relay: CommitRelay, admission: AdmissionControl, filterBytes: Int) {
    self.relay = relay
    self.admission = admission
    self.filterBytes = filterBytes
  }

  /// The sum of ``FollowFilter/cost`` of all followers' filters.
  var filterCost: Int { state.withLock { $0.signals.cost } }

  /// Begins to follow.
  ///
  /// - Throws: `invalid_request` if the filter alone exceeds the limit of all followers' filters; `unavailable` if it
  ///   does so together with the existing ones.
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
      try admission.refuse(
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
    let listening = relay.signal.listen { [weak self] in self?.receive($0) }
    wakeAll()
    state.withLock { $0.areHintsComplete = true }
    Task { await listenWhileNeeded(listening) }
  }

  /// Called on the thread that has committed: stores the hint, and leaves everything else to a task.
  private func receive(_ hint: CommitHint?) {
    let isIdle = state.withLock { state in
      state.pending.add(state.areHintsComplete ? hint : nil)
      defer { state.isWaking = true }
      return !state.isWaking
    }
    if isIdle { Task { await wakeFollowers() } }
  }

  private func wakeFollowers() async {
    while let commits = takePendingCommits() {
      let began = ContinuousClock.now
      let woken = wake(commits)
      if woken < Self.crowd {
        // Lets the woken tasks run first. Commits in the meantime are handled at once.
        await Task.yield()
      } else {
        // Nothing cancels this task, so the sleep can't be cut short.
        try? await Task.sleep(
          until: began + Self.pause(events: commits.isIncomplete ? Self.unknownEvents : commits.events, woken: woken))
      }
    }
  }

  /// The number of followers at which waking them slows the writes beside them noticeably.
  private static let crowd = 32

  /// The number of events that a wake counts for if nothing is known of them.
  private static let unknownEvents = 256

  /// Returns the time between two wakes of a crowd: the longer, the more events there were and the more followers were
  /// woken, because reading several events costs little more than reading one.
  private static func pause(events: Int, woken: Int) -> Duration {
    min(.milliseconds(1) + .microseconds(100) * events, .milliseconds(4) + .microseconds(100) * woken)
  }

  private func takePendingCommits() -> PendingCommits? {
    state.withLock { state in
      guard !state.pending.isEmpty else {
        state.isWaking = false
        return nil
      }
      defer { state.pending = PendingCommits() }
      return state.pending
    }
  }

  /// - Returns: the number of followers that waited.
  private func wake(_ commits: PendingCommits) -> Int {
    let woken = commits.isIncomplete ? wakeAll() : wakeMatching(commits.hints)
    if let end = commits.end { state.withLock { $0.end = end } }
    return woken
  }

  /// Wakes the matching followers. A follower that joins before an event is looked up is found for it. One that joins
  /// later reads the event itself, because it has committed.
  ///
  /// - Returns: the number of followers that waited.
  private func wakeMatching(_ hints: [CommitHint]) -> Int {
    var found = FilterIndex<CommitSignal>.Matches()
    for hint in hints {
      // One event at a time, so that a commit or a join waits for no more than one.
      for event in hint.events { state.withLock { $0.signals.find(event, &found) } }
    }
    return state.withLock { $0.signals.values(found) }.reduce(0) { $0 + $1.advance() }
  }

  @discardableResult private func wakeAll() -> Int {
    state.withLock { $0.signals.values }.reduce(0) { $0 + $1.advance() }
  }

  /// Keeps listening as long as there are followers and there may be commits.
  private func listenWhileNeeded(_ listening: CommitSignal.Listening) async {
    while true {
      // Nothing cancels this task, so the sleep can't be cut short.
      try? await Task.sleep(for: Self.checkInterval)
      let isFinished = relay.signal.isFinished
      let (isNeeded, signals) = state.withLock { state in
        state.isListening = !isFinished && !state.signals.isEmpty
        if !state.isListening { state.areHintsComplete = false }
        return (state.isListening, isFinished ? state.signals.values : [])
      }
      for signal in signals { signal.finish() }
      if !isNeeded { break }
    }
    withExtendedLifetime(listening) {}
  }
}
