internal import Evento
internal import EventoWire
internal import Synchronization

/// Reads of the log that followers share.
///
/// A thousand followers at the end of the log with the same filter would read the same page from the store after each
/// commit, and render it a thousand times. What lies behind a place never changes, only grows: a page that has events
/// is right for whoever asks for the same place later, too.
final class SharedPages: Sendable {
  /// Events behind a place, and their lines, rendered once.
  final class Page: Sendable {
    let edges: [Edge<Event>]
    /// The place up to which the log was read.
    let end: Cursor?
    /// Whether more was read than it has.
    private let isCut: Bool
    private let lines = Mutex<[Rendering: [UInt8]]>([:])

    private struct Rendering: Hashable {
      let format: StreamFormat
      let encoding: PayloadEncoding
    }

    /// Bytes that it takes, more or less.
    private let size: Int

    /// The events of a read up to ``SharedPages/pageBytes``, and one in any case.
    init(_ result: ReadResult<Event>) {
      var size = 0
      let count = result.edges.prefix { edge in
        let isFirst = size == 0
        size += Self.size(of: edge.node)
        return isFirst || size <= SharedPages.pageBytes
      }.count
      // A copy, so that nothing holds the others.
      edges = Array(result.edges.prefix(count))
      self.size = edges.reduce(0) { $0 + Self.size(of: $1.node) }
      end = count < result.edges.count ? edges.last?.cursor : result.pageInfo.endCursor
      isCut = count < result.edges.count
    }

    private static func size(of event: Event) -> Int {
      event.data.bytes.count + event.metadata.bytes.count + 500
    }

    var isEmpty: Bool { edges.isEmpty }

    func lines(_ format: StreamFormat, _ encoding: PayloadEncoding) -> [UInt8] {
      lines.withLock { lines in
        let key = Rendering(format: format, encoding: encoding)
        if let known = lines[key] { return known }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size * 3 / 2)
        for edge in edges { format.append(edge, encoding, to: &bytes) }
        lines[key] = bytes
        return bytes
      }
    }

    /// Whether it may be kept for others.
    fileprivate var isSmall: Bool { size <= SharedPages.pageBytes }

    /// How many events to read next, after so many: what was read and does not fit was read in vain.
    func nextLimit(_ limit: Int) -> Int {
      if isCut { return edges.count }
      return size <= SharedPages.pageBytes / 2 ? min(limit * 2, SharedPages.pageEvents) : limit
    }
  }

  /// A place and a filter, as the bytes of the request for them: texts that differ in their bytes are never the same.
  private typealias Key = [UInt8]

  private struct Flight: Hashable {
    let key: Key
    /// A read that began before a commit does not see it: only those who know of the same commits share one.
    let count: UInt64
  }

  private struct State {
    var flights: [Flight: Task<Result<Page, EventoError>, Never>] = [:]
    var pages: [Key: Page] = [:]
    var order: [Key] = []
  }

  private let executor: any Executor
  private let state = Mutex(State())

  /// Events of one page at most.
  static let pageEvents = 64
  /// Bytes of one page, which is what a follower holds while its client takes nothing; a larger event comes alone.
  private static let pageBytes = 64 << 10
  /// Pages that are kept.
  private static let pagesKept = 32

  init(_ executor: any Executor) {
    self.executor = executor
  }

  /// The page behind a place.
  ///
  /// - Parameters:
  ///   - limit: how many events to read, where nobody has read them yet.
  ///   - count: how many commits the caller knows of.
  func page(_ filter: FollowFilter, _ start: Args.Start, limit: Int, _ count: UInt64) async throws(EventoError) -> Page
  {
    // The end of the log moves: that page is nobody else's.
    guard start != .now else { return try await read(filter, start, limit).get() }
    let key = filter.key(start)
    let flight = Flight(key: key, count: count)
    let task = state.withLock { state -> Task<Result<Page, EventoError>, Never> in
      if let page = state.pages[key] { return Task { .success(page) } }
      if let task = state.flights[flight] { return task }
      let task = Task { await land(flight, read(filter, start, limit)) }
      state.flights[flight] = task
      return task
    }
    return try await task.value.get()
  }

  private func read(_ filter: FollowFilter, _ start: Args.Start, _ limit: Int) async -> Result<Page, EventoError> {
    do throws(EventoError) {
      return .success(
        Page(
          try await executor.read(
            filter.aggregators, routingKey: filter.routingKey,
            args: .forward(first: limit, after: start))))
    } catch {
      return .failure(error)
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
