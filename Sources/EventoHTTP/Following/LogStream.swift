internal import Evento
internal import EventoWire

/// One iteration over the log: a stream at the gateway, and another one, from the last place, when that has ended.
actor LogStream {
  private let gateway: Gateway
  private let aggregators: [ReadAggregator]?
  private let routingKey: RoutingKey
  private let lineLimit: AnswerLimit
  private let failureLog: FailureLog
  private var connection: Connection?
  /// How often in a row a stream was begun and has ended without use.
  private var failures = 0
  /// Whether no line has come since a stream failed.
  private var isFailing = false
  /// Whether a line has ever come.
  private var hasBegun = false

  private final class Connection {
    let stream: AnswerStream
    var lines: LineBuffer
    let begin = ContinuousClock.now

    init(_ stream: AnswerStream, lineLimit: AnswerLimit) {
      self.stream = stream
      lines = LineBuffer(limit: lineLimit.bytes)
    }
  }

  /// - Parameter lineLimit: bytes that a line of the stream may have.
  init(
    _ gateway: Gateway, _ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, lineLimit: AnswerLimit,
    _ failureLog: FailureLog
  ) {
    self.gateway = gateway
    self.aggregators = aggregators
    self.routingKey = routingKey
    self.lineLimit = lineLimit
    self.failureLog = failureLog
  }

  /// What has come of the stream since the last page; waits for something. It has no events where all that came was how
  /// far the log was read.
  ///
  /// - Parameter start: behind what was given last.
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

  /// - Returns: `nil` where no line has become whole.
  private func read(_ bytes: [UInt8], of current: Connection) throws(EventoError) -> ReadResult<Event>? {
    current.lines.append(bytes)
    var page = StreamedPage()
    while let line = current.lines.next() {
      do throws(EventoError) {
        page.add(try StreamLine(json: line))
      } catch {
        connection = nil
        // What came before it is whole. The same line comes again, first of all, where it was no accident.
        if page.end != nil { return page.result }
        throw .unreadable(status: 200, body: line, why: error.detail)
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

  /// Waits before the next stream, where the last has ended for something that may be over by then.
  ///
  /// - Throws: what waiting does not mend.
  private func recover(
    from end: Result<TransferAnswer, TransferFault>, lasted time: Duration
  ) async throws(EventoError) {
    var retryAfter = Duration.zero
    switch end {
    case .success(let answer):
      if let failure = gateway.failure(of: answer) {
        guard failure.isPassing else { throw failure.error }
        report(failure.error)
        retryAfter = gateway.retry.pause(askedFor: answer.retryAfter)
      }
    case .failure(let fault):
      switch fault.kind {
      case .unreachable, .lost, .deadline: report(.transfer(fault))
      // Another may have taken the place of a stream that broke. One that has never had any is not to wait for it.
      case .full where hasBegun: report(.transfer(fault))
      case .full: throw .transfer(fault)
      case .cancelled, .closed, .tooLarge, .hopeless: throw .transfer(fault)
      }
    }
    if time >= Self.useful { failures = 0 }
    // The first time at once: a gateway that stops ends its streams, and where there is another, that one is there now.
    let pause = failures == 0 ? .zero : gateway.retry.pause(after: failures, jitter: .random(in: RetryPolicy.jitters))
    failures += 1
    do {
      try await Task.sleep(for: max(pause, retryAfter))
    } catch {
      throw .transfer(.cancelled)
    }
  }

  private func report(_ error: EventoError) {
    isFailing = true
    failureLog.failedToFollow(error)
  }

  /// A stream that lasted as long was of use, also where nothing was committed.
  private static let useful: Duration = .seconds(1)
}

/// Lines of a stream as a page.
private struct StreamedPage {
  private(set) var edges: [Edge<Event>] = []
  /// The place behind the last line that told one.
  private(set) var end: Cursor?

  mutating func add(_ line: StreamLine) {
    switch line {
    case .event(let edge):
      edges.append(edge)
      end = edge.cursor
    case .heartbeat(let place): end = place
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
