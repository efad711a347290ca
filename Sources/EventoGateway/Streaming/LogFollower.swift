internal import Evento

/// Goes through the matching events of the log from a place on, page by page, and waits at its end.
struct LogFollower: Sendable {
  private let pages: SharedPages
  private let rendering: StreamRendering
  private let membership: LogTail.Membership
  private let interruption: Interruption?
  private(set) var start: Args.Start
  private var standing: FollowerGates.Standing
  /// The last read, if there was nothing behind its page.
  private var lastRead: LogTail.Mark?

  /// What has come of a step.
  enum Step: Sendable {
    case events(SharedPages.Page)
    /// Nothing new up to the deadline; the place up to which the log was read.
    case nothing(Cursor?)
    /// Nothing new, and no more is to be waited for: the gateway stops, or the client may be gone.
    case stopped(Cursor?)
  }

  /// - Parameter interruption: from it on, nothing is waited for.
  /// - Throws: `invalid_request` if the filters alone exceed the limit of all followers' filters; `unavailable` if they do
  ///   together with those that are there.
  init(
    _ filter: FollowFilter, from start: Args.Start, as rendering: StreamRendering, pages: SharedPages, tail: LogTail,
    until interruption: Interruption?
  ) throws(EventoError) {
    self.interruption = interruption
    self.pages = pages
    self.rendering = rendering
    self.start = start
    standing = start == .now ? .atEnd : .unknown
    membership = try tail.join(filter)
  }

  /// The next events; waits for them, at most up to a deadline or a little longer.
  mutating func next(until deadline: ContinuousClock.Instant) async throws -> Step {
    while true {
      // Before the read: what commits after it moves the count on, and the wait below returns at once.
      let count = membership.count
      // If it has not moved since before the last read, another would find nothing.
      do {
        if lastRead?.count != count, let page = try await read(count) { return .events(page) }
      } catch is ReadGate.Closed {
        return .stopped(place)
      }
      if membership.hasEnded || interruption?.hasCome == true { return .stopped(place) }
      if ContinuousClock.now >= deadline || Task.isCancelled {
        // A client that resumes from there need not read again what others follow.
        if let lastRead, let place = membership.quietPlace(since: lastRead) { start = .after(place) }
        return .nothing(place)
      }
      await membership.wait(past: count, until: deadline, unless: interruption)
    }
  }

  private var place: Cursor? {
    if case .after(let cursor) = start { cursor } else { nil }
  }

  /// - Returns: `nil` for an empty page.
  private mutating func read(_ count: UInt64) async throws -> SharedPages.Page? {
    let page = try await pages.page(membership, start, rendering, standing: standing, count)
    guard page.end != nil || page.isEmpty else {
      // The same page would follow, again and again.
      throw EventoError(.internal, "The store returned a page of events without its end cursor.")
    }
    // From the end of what was read. A log that is empty may have no cursor yet: its end is its beginning.
    if let end = page.end { start = .after(end) } else if start == .now { start = .beginning }
    standing = page.hasMore ? .behind : .atEnd
    lastRead = page.hasMore ? nil : membership.mark(page.count)
    guard !page.isEmpty else { return nil }
    return page
  }
}
