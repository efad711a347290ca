internal import Evento

/// Goes through the matching events of the log from a place on, page by page, and waits at its end.
struct LogFollower: Sendable {
  private let pages: SharedPages
  private let filter: FollowFilter
  private let rendering: StreamRendering
  private let membership: LogTail.Membership
  private(set) var start: Args.Start
  private var limit = SharedPages.pageEvents
  /// Whether there was more behind the last page.
  private var lags = false

  /// What has come of a step.
  enum Step: Sendable {
    case events(SharedPages.Page)
    /// Nothing new up to the deadline; the place up to which the log was read.
    case nothing(Cursor?)
    /// The gateway stops.
    case stopped(Cursor?)
  }

  init(
    _ filter: FollowFilter, from start: Args.Start, as rendering: StreamRendering, pages: SharedPages, tail: LogTail
  ) {
    self.pages = pages
    self.filter = filter
    self.rendering = rendering
    self.start = start
    membership = tail.join(filter)
  }

  /// The next events; waits for them, at most up to a deadline or a little longer.
  mutating func next(until deadline: ContinuousClock.Instant) async throws -> Step {
    while true {
      // Before the read: what commits after it moves the count on, and the wait below returns at once.
      let count = membership.count
      let page = try await pages.page(filter, start, rendering, lags: lags, limit: limit, count)
      // From the end of what was read. A log that is empty may have no cursor yet: its end is its beginning.
      if let end = page.end { start = .after(end) } else if start == .now { start = .beginning }
      lags = page.hasMore
      if !page.isEmpty {
        limit = page.nextLimit(limit)
        return .events(page)
      }
      if membership.hasEnded { return .stopped(page.end) }
      if ContinuousClock.now >= deadline || Task.isCancelled { return .nothing(page.end) }
      await membership.wait(past: count, until: deadline)
    }
  }
}
