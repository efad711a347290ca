internal import Evento

/// Reads the matching events of the log after a position, page by page, and waits at its end.
struct LogFollower: Sendable {
  private let pages: PageCache
  private let rendering: StreamRendering
  private let membership: FollowerHub.Membership
  private let lag: StreamLags.Entry
  private let interruption: Interruption?
  private(set) var start: Args.Start
  private var progress: FollowerReadLimits.Progress
  private(set) var stepSize = StepSize()
  /// The last read, if there was nothing after its page.
  private var lastRead: FollowerHub.Mark?

  /// The result of a step.
  enum Step: Sendable {
    case events(PageCache.Page)
    /// No new event up to the deadline, and the position up to which the log was read.
    case nothing(Cursor?)
    /// No new event, and no more waiting: the gateway stops, or the client may be gone.
    case stopped(Cursor?)
  }

  /// - Parameters:
  ///   - lag: Records when it waits at the end of the log.
  ///   - interruption: Ends the waits.
  /// - Throws: `invalid_request` if the filters alone exceed the limit of all followers' filters; `unavailable` if they
  ///   do so together with the existing ones.
  init(
    _ filter: FollowFilter, from start: Args.Start, as rendering: StreamRendering, pages: PageCache, hub: FollowerHub,
    lag: StreamLags.Entry, until interruption: Interruption?
  ) throws(EventoError) {
    self.lag = lag
    self.interruption = interruption
    self.pages = pages
    self.rendering = rendering
    self.start = start
    progress = start == .now ? .atEnd : .unknown
    membership = try hub.join(filter)
  }

  /// Returns the next events, and waits for them until a deadline, or slightly longer.
  mutating func next(until deadline: ContinuousClock.Instant) async throws -> Step {
    while true {
      // Before the read: a later commit increases the count, and the wait below returns at once.
      let count = membership.count
      // If it has not changed since before the last read, another read would find nothing.
      do {
        if lastRead?.count != count, let page = try await read(count) { return .events(page) }
      } catch is AsyncSemaphore.Closed {
        return .stopped(position)
      }
      if membership.isFinished || interruption?.isSet == true { return .stopped(position) }
      lag.reachedEnd()
      if ContinuousClock.now >= deadline || Task.isCancelled {
        // A client that resumes from there need not read events of other followers again.
        if let lastRead, let position = membership.quietPosition(since: lastRead) { start = .after(position) }
        return .nothing(position)
      }
      await membership.wait(past: count, until: deadline, unless: interruption)
      if membership.count != count { lag.leftEnd() }
    }
  }

  /// Chooses the size of the next step.
  ///
  /// - Parameter duration: The time in which the client read the last one.
  mutating func adaptStepSize(to duration: Duration) {
    if progress == .behind { stepSize.adapt(to: duration) }
  }

  private var position: Cursor? {
    if case .after(let cursor) = start { cursor } else { nil }
  }

  /// - Returns: `nil` for an empty page.
  private mutating func read(_ count: UInt64) async throws -> PageCache.Page? {
    let page = try await pages.page(membership, start, rendering, stepSize, progress: progress, count)
    guard page.end != nil || page.isEmpty else {
      // The same page would follow without end.
      throw EventoError(.internal, "The store returned a page of events without its end cursor.")
    }
    // From the end of the read. An empty log may have no cursor yet: its end is its beginning.
    if let end = page.end { start = .after(end) } else if start == .now { start = .beginning }
    progress = page.hasMore ? .behind : .atEnd
    if page.hasMore { stepSize.estimateLines(by: page) } else { stepSize.reset() }
    lastRead = page.hasMore ? nil : membership.mark(page.commitCount)
    guard !page.isEmpty else { return nil }
    return page
  }
}
