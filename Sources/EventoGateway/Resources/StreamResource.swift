internal import Evento
internal import EventoWire
internal import HTTPServer
internal import Synchronization

/// `/events/stream`: docs/http-api.md §5.
struct StreamResource: Sendable {
  let pages: SharedPages
  let hub: FollowerHub
  let commits: CommitSignal
  let load: Load
  let access: AccessControl
  /// The maximum time without output on a stream.
  let heartbeat: Duration

  var resources: [Route] {
    [
      Route(
        "/events/stream",
        [
          ("GET", Operation(.read, takesQuery: true, takesHead: false, follow)),
          ("POST", Operation(.read, takesBody: true, followBody)),
        ])
    ]
  }

  @Sendable private func follow(_ request: GatewayRequest) throws(EventoError) -> Work {
    let format = try Accept.format(request.head.headers)
    var parameters = try request.parameters()
    let lastEventID = try lastEventID(request)
    let follow = try FollowRequest(&parameters, lastEventID: lastEventID)
    let cursor = lastEventID == nil ? ParameterReader.label("after") : FollowRequest.lastEventIDLabel
    return stream(follow, format, cursor: cursor, request.token)
  }

  @Sendable private func followBody(_ request: GatewayRequest) throws(EventoError) -> Work {
    let format = try Accept.format(request.head.headers)
    let lastEventID = try lastEventID(request)
    let follow = try FollowRequest(json: request.body, lastEventID: lastEventID)
    let cursor = lastEventID == nil ? "/after" : FollowRequest.lastEventIDLabel
    return stream(follow, format, cursor: cursor, request.token)
  }

  /// Returns the cursor of `Last-Event-ID`.
  ///
  /// - Returns: `nil` also for an empty one, which browsers send.
  private func lastEventID(_ request: GatewayRequest) throws(EventoError) -> String? {
    let values = request.head.headers.values(of: "last-event-id")
    guard values.count <= 1 else {
      throw EventoError(.invalidRequest, "Last-Event-ID was sent \(values.count) times. Send it once.")
    }
    return values.first.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// - Parameter cursor: The name of the start cursor in errors.
  private func stream(
    _ follow: FollowRequest, _ format: StreamFormat, cursor: String, _ token: TokenSet.Entry?
  ) -> Work {
    .task { hold in
      try await naming(cursor: cursor) { () async throws in try await stream(follow, format, token, hold) }
    }
  }

  private func stream(
    _ follow: FollowRequest, _ format: StreamFormat, _ token: TokenSet.Entry?, _ hold: Hold
  ) async throws -> Response {
    let slot = try load.follower()
    var follower = try LogFollower(
      FollowFilter(aggregators: follow.aggregators, routingKey: follow.routingKey), from: follow.after,
      as: StreamRendering(format: format, encoding: follow.encoding), pages: pages, hub: hub,
      until: hold.interruption)
    // Before the head of the response, so that an invalid cursor gets its own status.
    let first = FirstStep(try await follower.next(until: .now))
    let headers = Headers([
      ("Content-Type", format.contentType),
      // Otherwise Nginx would buffer the stream (https://nginx.org/en/docs/http/ngx_http_proxy_module.html).
      ("X-Accel-Buffering", "no"),
    ])
    let body = StreamBody(
      format: format, heartbeat: heartbeat, commits: commits,
      isAllowed: { [access] in access.allows(token, .read) })
    return Response(
      status: 200, headers: headers,
      body: .stream { [follower] writer in
        try await body.write(from: follower, beginningWith: first.take(), to: writer)
        withExtendedLifetime(slot) {}
      })
  }
}

/// The first step of a stream, until its body takes it. The closure that writes the body exists as long as the stream,
/// and would hold a page for that time.
private final class FirstStep: Sendable {
  private let step: Mutex<LogFollower.Step?>

  init(_ step: LogFollower.Step) {
    self.step = Mutex(step)
  }

  func take() -> LogFollower.Step {
    step.withLock { step in
      defer { step = nil }
      return step ?? .nothing(nil)
    }
  }
}

/// The body of a stream. It lasts as long as the client reads it and has permission, and the gateway does not stop.
/// Once the client has half-closed its connection (it may be gone), the stream ends with the events up to now.
private struct StreamBody: Sendable {
  let format: StreamFormat
  let heartbeat: Duration
  let commits: CommitSignal
  /// Returns true if the stream may continue: its token may have been revoked.
  let isAllowed: @Sendable () -> Bool

  func write(
    from follower: LogFollower, beginningWith first: consuming LogFollower.Step, to writer: BodyWriter
  ) async throws {
    var (follower, step) = (follower, consume first)
    var lastHeartbeat = ContinuousClock.now
    try await writer.write(format.opening)
    while isAllowed() {
      try Task.checkCancellation()
      let (place, isSilent, isLast, lines) = (step.place, step.isSilent, step.isLast, step.lines)
      // While a slow client reads the lines, only the writer holds them.
      step = .nothing(place)
      try await writer.write(consume lines)
      let now = ContinuousClock.now
      if isSilent || now - lastHeartbeat >= heartbeat {
        try await writer.write(format.heartbeat(place))
        lastHeartbeat = now
      }
      // The body ends normally, so that the client continues from its cursor at another gateway.
      if isLast || commits.isFinished { return }
      step = try await follower.next(until: lastHeartbeat + heartbeat)
    }
  }
}

extension LogFollower.Step {
  fileprivate var place: Cursor? {
    switch self {
    case .events(let page): page.end
    case .nothing(let place), .stopped(let place): place
    }
  }

  fileprivate var lines: [UInt8] {
    if case .events(let page) = self { page.lines } else { [] }
  }

  fileprivate var isLast: Bool {
    if case .stopped = self { true } else { false }
  }

  fileprivate var isSilent: Bool {
    if case .events = self { false } else { true }
  }
}
