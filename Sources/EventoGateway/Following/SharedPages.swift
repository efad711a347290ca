internal import DequeModule
internal import Evento
internal import EventoWire
internal import Synchronization

/// Reads of the log that followers share.
///
/// A thousand followers at the end of the log with the same filter would read the same page from the store after each
/// commit, and render it a thousand times. What lies behind a place never changes, only grows: a page that has events
/// is right for whoever asks for the same place later, too.
final class SharedPages: Sendable {
  /// Events behind a place, as the lines that a stream has for them.
  struct Page: Sendable {
    let lines: [UInt8]
    /// The place up to which the log was read.
    let end: Cursor?
    /// Whether there was more behind it.
    let hasMore: Bool
    /// How many commits were known of before the read.
    let count: UInt64
    fileprivate let events: Int
    /// Bytes of what it was made of.
    fileprivate let size: Int
    /// Whether more was read than it has.
    fileprivate let isCut: Bool

    var isEmpty: Bool { events == 0 }

    /// Whether it may be kept for others.
    fileprivate var isSmall: Bool { size <= SharedPages.pageBytes }

    /// How many events to read next, after so many: what was read and does not fit was read in vain.
    func nextLimit(_ limit: Int) -> Int {
      if isCut { return events }
      return size <= SharedPages.pageBytes / 2 ? min(limit * 2, SharedPages.pageEvents) : limit
    }
  }

  /// Writes the events of a read up to ``SharedPages/pageBytes``, and one in any case.
  private struct Builder: PageBuilder {
    let rendering: StreamRendering
    let count: UInt64
    private var lines: [UInt8] = []
    private var events = 0
    private var size = 0
    private var isCut = false

    init(_ rendering: StreamRendering, _ count: UInt64) {
      self.rendering = rendering
      self.count = count
    }

    mutating func add(_ event: borrowing EventView) -> Bool {
      let grown = size + event.data.count + event.metadata.count + 500
      guard events == 0 || grown <= SharedPages.pageBytes else {
        isCut = true
        return false
      }
      size = grown
      events += 1
      rendering.format.append(event, rendering.encoding, to: &lines)
      return true
    }

    mutating func finish(_ info: PageInfo) -> Page {
      // It may be held for as long as a client takes to read it, and room behind it would be held too.
      if lines.capacity - lines.count > max(lines.count / 4, 4096) { lines = lines.withUnsafeBytes { Array($0) } }
      return Page(
        lines: lines, end: info.endCursor, hasMore: info.hasNextPage, count: count, events: events, size: size,
        isCut: isCut)
    }
  }

  private struct Key: Hashable {
    /// ``LogTail/Membership/number``: a filter itself may be long.
    let filter: Int
    /// `nil`: the beginning.
    let place: Cursor?
    let rendering: StreamRendering
  }

  private struct Flight: Hashable {
    let key: Key
    /// A read that began before a commit does not see it: only those who know of the same commits share one.
    let count: UInt64
  }

  /// A page, or the read that brings it.
  private enum Found {
    case page(Page)
    case flight(Task<Result<Page, EventoError>, Never>)
  }

  private struct State {
    var flights: [Flight: Task<Result<Page, EventoError>, Never>] = [:]
    var pages: [Key: Page] = [:]
    var order: Deque<Key> = []
  }

  private let executor: any Executor
  private let state = Mutex(State())
  private let gates: FollowerGates

  /// Events of one page at most.
  static let pageEvents = 64
  /// Bytes of one page, which is what a follower holds while its client takes nothing; a larger event comes alone.
  private static let pageBytes = 64 << 10
  /// Pages that are kept.
  private static let pagesKept = 32

  init(_ executor: any Executor, gates: FollowerGates) {
    self.executor = executor
    self.gates = gates
  }

  /// The page behind a place.
  ///
  /// - Parameters:
  ///   - standing: what is known about the follower's place.
  ///   - limit: how many events to read, where nobody has read them yet.
  ///   - count: how many commits the caller knows of.
  func page(
    _ membership: LogTail.Membership, _ start: Args.Start, _ rendering: StreamRendering,
    standing: FollowerGates.Standing, limit: Int, _ count: UInt64
  ) async throws -> Page {
    let filter = membership.filter
    let gate = gates.gate(for: standing)
    let place: Cursor?
    switch start {
    case .beginning: place = nil
    case .after(let cursor): place = cursor
    // The end of the log moves: that page is nobody else's.
    case .now: return try await gate.pass { await read(filter, start, rendering, limit, count) }.get()
    }
    let key = Key(filter: membership.number, place: place, rendering: rendering)
    let flight = Flight(key: key, count: count)
    let found = state.withLock { state -> Found in
      if let page = state.pages[key] { return .page(page) }
      if let task = state.flights[flight] { return .flight(task) }
      let task = Task {
        land(flight, await gate.pass { await read(filter, start, rendering, limit, count) })
      }
      state.flights[flight] = task
      return .flight(task)
    }
    switch found {
    case .page(let page): return page
    case .flight(let task): return try await task.value.get()
    }
  }

  private func read(
    _ filter: FollowFilter, _ start: Args.Start, _ rendering: StreamRendering, _ limit: Int, _ count: UInt64
  ) async -> Result<Page, EventoError> {
    do {
      return .success(
        try await executor.viewPage(
          filter.aggregators, routingKey: filter.routingKey, args: .forward(first: limit, after: start),
          into: { Builder(rendering, count) }))
    } catch {
      return .failure(EventoError(wrapping: error))
    }
  }

  private func land(_ flight: Flight, _ result: Result<Page, EventoError>) -> Result<Page, EventoError> {
    state.withLock { state in
      state.flights.removeValue(forKey: flight)
      guard case .success(let page) = result, !page.isEmpty, page.isSmall else { return }
      if state.pages.updateValue(page, forKey: flight.key) == nil { state.order.append(flight.key) }
      if state.order.count > Self.pagesKept { state.pages.removeValue(forKey: state.order.removeFirst()) }
    }
    return result
  }
}
