internal import Evento
internal import EventoWire

/// Reads that wait for an event if their page would be empty: `wait` of docs/http-api.md §5.1.
struct WaitingReads: Sendable {
  let pages: EventPages
  let hub: FollowerHub
  let readLimits: FollowerReadLimits

  /// Waits until there is a matching event, the time is over, the client may be gone, or the gateway stops.
  ///
  /// - Parameter empty: The page that the read has found.
  /// - Returns: The page of the read at that time.
  func page(
    of read: ReadRequest, after empty: EventPages.Page, until deadline: ContinuousClock.Instant,
    unless interruption: Interruption?
  ) async throws -> EventPages.Page {
    guard case .forward(let first, var start) = read.args else { return empty }
    var (read, page) = (read, empty)
    let commits = try hub.join(FollowFilter(aggregators: read.aggregators, routingKey: read.routingKey))
    read.aggregators = commits.filter.aggregators
    while true {
      let count = commits.count
      // Continue where the read ended: a read that began at the end of the log must not begin there again.
      if let end = page.end { start = .after(end) }
      read.args = .forward(first: first, after: start)
      do {
        page = try await readLimits.semaphore(for: .atEnd, commits.filter).withPermit { [read] in
          try await pages.page(read)
        }
      } catch is AsyncSemaphore.Closed {
        return page
      }
      let lastRead = commits.mark(count)
      let mustEnd = commits.isFinished || interruption?.isSet == true || Task.isCancelled
      if !page.isEmpty || mustEnd || ContinuousClock.now >= deadline { return page }
      await commits.wait(past: count, until: deadline, unless: interruption)
      if !commits.mayHaveEvents(since: lastRead) {
        // The wait is over without a matching event, so another read would find nothing.
        return commits.quietPosition(since: lastRead).map { pages.emptyPage(read, upTo: $0) } ?? page
      }
    }
  }
}
