internal import Evento
internal import EventoWire

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// One iteration over the log: a stream from the gateway, and, when it ends, another one from the last position.
actor LogStream {
  private let gateway: GatewayClient
  private let aggregators: [ReadAggregator]?
  private let routingKey: RoutingKey
  private let lineLimit: ResponseLimit
  private let failureLog: FailureLog
  private var connection: Connection?
  /// The number of consecutive streams that ended without use.
  private var failures = 0
  /// True if no line has arrived since a stream failed.
  private var isFailing = false
  /// True once a line has arrived.
  private var hasBegun = false

  private final class Connection {
    let stream: ResponseStream
    var lines: LineBuffer
    var decoder = EventDecoder()
    let begin = ContinuousClock.now

    init(_ stream: ResponseStream, lineLimit: ResponseLimit) {
      self.stream = stream
      lines = LineBuffer(limit: lineLimit.bytes)
    }
  }

  /// - Parameter lineLimit: The maximum size of a line, in bytes.
  init(
    _ gateway: GatewayClient, _ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, lineLimit: ResponseLimit,
    _ failureLog: FailureLog
  ) {
    self.gateway = gateway
    self.aggregators = aggregators
    self.routingKey = routingKey
    self.lineLimit = lineLimit
    self.failureLog = failureLog
  }

  /// Returns what has arrived since the last page; waits for something. The page has no events if only heartbeats
  /// arrived.
  ///
  /// - Parameter start: The position after the last page.
  func nextPage(after start: Args.Start) async throws(EventoError) -> ReadResult<Event> {
    while true {
      let current = connection ?? connect(after: start)
      connection = current
      switch await current.stream.next() {
      case .bytes(let bytes):
        if let page = try read(bytes, of: current) { return page }
      case .end(let result):
        connection = nil
        try await recover(from: result, lasted: .now - current.begin)
      }
    }
  }

  private func connect(after start: Args.Start) -> Connection {
    let body = FollowRequest(aggregators: aggregators, routingKey: routingKey, after: start).json
    let call = Call.post("/events/stream", body, successes: [200])
    return Connection(gateway.stream(call), lineLimit: lineLimit)
  }

  /// - Returns: `nil` if no line is complete.
  private func read(_ bytes: [UInt8], of current: Connection) throws(EventoError) -> ReadResult<Event>? {
    current.lines.append(bytes)
    var page = StreamedPage()
    while let line = current.lines.next() {
      do throws(EventoError) {
        page.add(try current.decoder.line(current.lines.bytes, line))
      } catch {
        connection = nil
        // The lines before it are complete. If it was not an accident, the next stream starts with the same line.
        if page.end != nil { return page.result }
        throw .unreadable(status: 200, body: Array(current.lines.bytes[line]), why: error.detail)
      }
    }
    guard !current.lines.isTooLong else {
      connection = nil
      if page.end != nil { return page.result }
      throw .transfer(.tooLarge(lineLimit))
    }
    if !page.edges.isEmpty { failures = 0 }
    guard page.end != nil else { return nil }
    if isFailing { failureLog.followsAgain() }
    isFailing = false
    hasBegun = true
    return page.result
  }

  /// Waits before the next stream, if the last one ended with a transient error.
  ///
  /// - Throws: An error that waiting can't fix.
  private func recover(
    from end: Result<TransferResponse, TransferError>, lasted time: Duration
  ) async throws(EventoError) {
    var retryAfter = Duration.zero
    switch end {
    case .success(let response):
      if let failure = gateway.failure(of: response) {
        guard failure.isTransient else { throw failure.error }
        report(failure.error)
        retryAfter = gateway.retry.delay(requested: response.retryAfter)
      }
    case .failure(let error):
      switch error.kind {
      case .unreachable, .lost, .deadline: report(.transfer(error))
      // Another follower may have taken the connection of a stream that broke, so this one retries. A follower that
      // never had a connection fails.
      case .full where hasBegun: report(.transfer(error))
      case .full: throw .transfer(error)
      case .cancelled, .closed, .tooLarge, .permanent: throw .transfer(error)
      }
    }
    if time >= Self.usefulDuration { failures = 0 }
    // At once for the first time: a gateway that stops ends its streams, and its replacement, if any, is already
    // running.
    let delay = failures == 0 ? .zero : gateway.retry.backoff.delay(beforeRetry: failures)
    failures += 1
    do {
      try await Task.sleep(for: max(delay, retryAfter))
    } catch {
      throw .transfer(.cancelled)
    }
  }

  private func report(_ error: EventoError) {
    isFailing = true
    failureLog.failedToFollow(error)
  }

  /// A stream that lasted this long was useful, even without events.
  private static let usefulDuration: Duration = .seconds(1)
}

/// The lines of a stream as a page.
private struct StreamedPage {
  private(set) var edges: [Edge<Event>] = []
  /// The position of the last line that had one.
  private(set) var end: Cursor?

  mutating func add(_ line: StreamLine) {
    switch line {
    case .event(let edge):
      edges.append(edge)
      end = edge.cursor
    case .heartbeat(let position): end = position
    case .other: break
    }
  }

  var result: ReadResult<Event> {
    ReadResult(
      edges: edges,
      pageInfo: PageInfo(
        hasPreviousPage: false, hasNextPage: false, startCursor: edges.first?.cursor, endCursor: end))
  }
}

/// Splits received bytes into lines.
struct LineBuffer {
  private let limit: Int
  private(set) var bytes: [UInt8] = []
  /// The start of the remaining lines.
  private var start = 0
  /// The end of the part that has no line end.
  private var searched = 0

  /// - Parameter limit: The maximum size of a line, in bytes.
  init(limit: Int) {
    self.limit = limit
  }

  /// True if the incomplete line is longer than the limit.
  var isTooLong: Bool { bytes.count - start > limit }

  mutating func append(_ new: [UInt8]) {
    if start > 0 {
      bytes.removeFirst(start)
      searched -= start
      start = 0
    }
    if bytes.isEmpty { bytes = new } else { bytes += new }
  }

  /// Returns the range of the next complete line in ``bytes``, without its end; `nil` if no complete line has arrived.
  mutating func next() -> Range<Int>? {
    guard let end = lineEnd else {
      searched = bytes.count
      return nil
    }
    defer {
      start = end + 1
      searched = start
    }
    return start..<end
  }

  private var lineEnd: Int? {
    bytes.withUnsafeBytes { bytes in
      // In bounds: nothing is searched beyond the end.
      guard let all = bytes.baseAddress, let found = memchr(all + searched, 0x0A, bytes.count - searched) else {
        return nil
      }
      return UnsafeRawPointer(found) - all
    }
  }
}
