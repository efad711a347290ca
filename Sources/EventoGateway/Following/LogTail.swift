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
    var hasEnded: Bool { member.value.isFinished }

    func wait(
      past count: UInt64, until deadline: ContinuousClock.Instant, unless interruption: Interruption?
    ) async {
      await member.value.wait(past: count, until: deadline, unless: interruption)
    }

    /// Describes a read that has just ended, and has found the end of what passes the filter.
    ///
    /// - Parameter count: ``count`` from before the read.
    func mark(_ count: UInt64) -> Mark { Mark(count: count, looks: tail.looks) }

    /// Whether another read might find something.
    func mayHaveNews(since mark: Mark) -> Bool { count != mark.count }

    /// A place at or behind the end of a mark's read, up to which nothing more passes the filter; `nil` if none is known.
    func quietPlace(since mark: Mark) -> Cursor? {
      // In this order: a look moves the signals on before it tells of its place.
      guard let place = tail.place(since: mark.looks), !mayHaveNews(since: mark) else { return nil }
      return place
    }
  }

  /// A read, and how many looks at the log had begun when it had ended: one that begins later sees all that it saw.
  struct Mark: Sendable {
    let count: UInt64
    fileprivate let looks: Int
  }

  typealias Matches = FilterIndex<CommitSignal>.Matches

  private struct State {
    var signals = FilterIndex<CommitSignal>()
    /// Which run is under way, counted from 1; `nil` while nobody follows.
    var run: Int?
    var runs = 0
    /// How many looks at the log have begun.
    var looks = 0
    /// The end of the log as the latest of them has seen that came to it: all before it have moved signals on already.
    var end: (look: Int, place: Cursor)?
  }

  private let store: any CallbackExecutor
  private let load: Load
  private let filterBytes: Int
  /// Kept, since without it nobody moves its signal.
  private let relay: CommitRelay
  private let state = Mutex(State())

  /// Events of one read.
  private static let pageEvents = 256
  /// How often it is asked whether the run is over.
  private static let tick: Duration = .milliseconds(50)
  /// How long there may be no commit before it is asked whether anybody still follows.
  private static let patience: Duration = .seconds(1)

  /// - Parameter filterBytes: the limit of ``filterCost``.
  init(_ store: any CallbackExecutor, relay: CommitRelay, load: Load, filterBytes: Int) {
    self.store = store
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
    let (member, newRun) = state.withLock { state -> (FilterIndex<CommitSignal>.Member?, Int?) in
      let member = state.signals.join(filter, upTo: filterBytes) { CommitSignal() }
      guard member != nil, state.run == nil else { return (member, nil) }
      state.runs += 1
      state.run = state.runs
      return (member, state.runs)
    }
    guard let member else {
      try load.refuse(
        "The filters of all streams and waiting reads may take \(filterBytes) bytes together, and this one would exceed "
          + "that. Use fewer or shorter filters, or retry shortly.")
    }
    if let newRun {
      // Apart, so that waits end in time where the store takes long.
      Task { await endRun(newRun) }
      Task { await look(newRun) }
    }
    return Membership(member, of: self)
  }

  private func leave(_ number: Int) {
    state.withLock { $0.signals.leave(number) }
  }

  // MARK: What a look at the log finds

  func find(_ event: EventNames, _ found: inout Matches) {
    state.withLock { $0.signals.find(event, &found) }
  }

  func signals(_ found: Matches) -> [CommitSignal] {
    state.withLock { $0.signals.values(found) }
  }

  private var looks: Int { state.withLock { $0.looks } }

  private func place(since looks: Int) -> Cursor? {
    state.withLock { state in
      guard let end = state.end, end.look > looks else { return nil }
      return end.place
    }
  }

  private func isUnderWay(_ run: Int) -> Bool {
    // One that has ended does not wait: to ask it again and again would keep a thread busy.
    !relay.signal.isFinished && state.withLock { $0.run == run }
  }

  // MARK: Waking whom it concerns

  /// Reads the log's new events for as long as the run lasts.
  private func look(_ run: Int) async {
    var start = Args.Start.now
    while isUnderWay(run) {
      // Before the read, as whoever waits for commits has to.
      let count = relay.signal.count
      let began = ContinuousClock.now
      guard let number = beginLook(run) else { return }
      let (pace, hasMore) = await look(number, from: &start)
      if hasMore { continue }
      while relay.signal.count == count, isUnderWay(run) {
        await relay.signal.wait(past: count, until: .now + Self.patience)
      }
      // A task that nobody cancels: the sleep can't be cut short.
      let next = began + pace.pause
      if ContinuousClock.now < next { try? await Task.sleep(until: next) }
    }
  }

  /// - Returns: its number; `nil` if the run is over, so that no look of an earlier run begins after a follower has joined
  ///   a later one.
  private func beginLook(_ run: Int) -> Int? {
    state.withLock { state in
      guard state.run == run else { return nil }
      state.looks += 1
      return state.looks
    }
  }

  /// Wakes who is to know of what is behind a place, and moves the place on.
  ///
  /// - Returns: when to look again, and whether there is more at once.
  private func look(_ number: Int, from start: inout Args.Start) async -> (pace: TailPace, hasMore: Bool) {
    // A store whose events would all have to be fetched: whoever follows asks it for his own.
    guard !(store is CallbackAdapter) else { return (TailPace(events: 0, woken: wakeAll()), false) }
    let hasPlace = start != .now
    do {
      let page = try await store.viewPage(
        nil, routingKey: .all, args: .forward(first: Self.pageEvents, after: start),
        into: { [self] in Audience(self) })
      start = page.info.endCursor.map { .after($0) } ?? .beginning
      // What committed before there was a place is behind nobody's back: everybody looks for himself.
      let woken = hasPlace ? page.signals.reduce(0) { $0 + $1.advance() } : wakeAll()
      if !page.info.hasNextPage, let place = page.info.endCursor { tell(number, of: place) }
      return (TailPace(events: page.events, woken: woken), page.info.hasNextPage)
    } catch {
      // Whoever follows finds out why when it reads.
      start = .now
      return (TailPace(events: 0, woken: wakeAll()), false)
    }
  }

  /// A look has come to the end of the log, and has moved on the signals of all that it has passed.
  private func tell(_ look: Int, of place: Cursor) {
    state.withLock { state in
      if look > state.end?.look ?? 0 { state.end = (look, place) }
    }
  }

  private func wakeAll() -> Int {
    state.withLock { $0.signals.values }.reduce(0) { $0 + $1.advance() }
  }

  // MARK: The end of a run

  /// Ends the run when nobody follows any more, or is to.
  private func endRun(_ run: Int) async {
    while true {
      // A task that nobody cancels: the sleep can't be cut short.
      try? await Task.sleep(for: Self.tick)
      let hasEnded = relay.signal.isFinished
      let signals = state.withLock { state in
        if hasEnded || state.signals.isEmpty { state.run = nil }
        return state.signals.values
      }
      if hasEnded {
        for signal in signals { signal.finish() }
        return
      }
      if signals.isEmpty { return }
    }
  }
}
