internal import Evento
internal import EventoWire
internal import HTTPServer

/// `/events`: contract §4.
struct EventsResource: Sendable {
  let store: Store
  let limits: WireLimits
  let pageBytes: Int
  let longestWait: Duration
  let basePath: String
  let tail: LogTail
  let load: Load

  var resources: [Resource] {
    [
      Resource(
        "/events",
        [
          ("GET", Operation(.read, takesQuery: true, .store(read))),
          ("POST", Operation(.write, takesBody: true, writing)),
        ]),
      Resource("/events/query", [("POST", Operation(.read, takesBody: true, .store(query)))]),
      Resource("/events/{id}", [("GET", Operation(.read, takesQuery: true, .store(find)))]),
    ]
  }

  private var writing: Operation.Action {
    guard let writer = store.callbackWriter else { return .store(write) }
    return .callback(
      { (request, completion) throws(EventoError) in
        let write = try WriteRequest(json: request.body, limits: limits)
        writer.write(write.events, condition: write.condition) { result in
          completion { () throws(EventoError) in answer(try result.get()) }
        }
      }, orWait: write)
  }

  @Sendable private func write(_ request: GatewayRequest) async throws(EventoError) -> Response {
    let write = try WriteRequest(json: request.body, limits: limits)
    let result =
      if let condition = write.condition {
        try await store.conditionalWriter().write(write.events, condition: condition)
      } else {
        try await store.executor.write(write.events)
      }
    return answer(result)
  }

  private func answer(_ result: WriteResult) -> Response {
    let location = result.events.count == 1 ? [("Location", "\(basePath)/events/\(result.events[0].id)")] : []
    return .json(WriteAnswer.json(result.events), status: result.isResend ? 200 : 201, location)
  }

  @Sendable private func read(_ request: GatewayRequest) async throws(EventoError) -> Response {
    var parameters = try request.parameters()
    return try await page(try ReadRequest(&parameters))
  }

  @Sendable private func query(_ request: GatewayRequest) async throws(EventoError) -> Response {
    try await page(try ReadRequest(json: request.body))
  }

  private func page(_ read: ReadRequest) async throws(EventoError) -> Response {
    var page = try await store.executor.read(read.aggregators, routingKey: read.routingKey, args: read.args)
    if let seconds = read.wait, page.edges.isEmpty {
      page = try await load.waiting { () async throws(EventoError) in
        try await self.page(read, behind: page, until: .now + min(.seconds(seconds), longestWait))
      }
    }
    return .json(Page.json(page.fitting(pageBytes, read.encoding, read.args), read.encoding))
  }

  /// Holds a read that has found nothing until there is something, or the time is over, or the gateway stops.
  private func page(
    _ read: ReadRequest, behind empty: ReadResult<Event>, until deadline: ContinuousClock.Instant
  ) async throws(EventoError) -> ReadResult<Event> {
    guard case .forward(let first, var start) = read.args else { return empty }
    var page = empty
    let commits = tail.join(FollowFilter(aggregators: read.aggregators, routingKey: read.routingKey))
    while true {
      let count = commits.count
      // From where the log was read up to: one that began at its end must not begin there anew.
      if let end = page.pageInfo.endCursor { start = .after(end) }
      page = try await store.executor.read(
        read.aggregators, routingKey: read.routingKey, args: .forward(first: first, after: start))
      if !page.edges.isEmpty || commits.hasEnded || ContinuousClock.now >= deadline || Task.isCancelled { return page }
      await commits.wait(past: count, until: deadline)
    }
  }

  @Sendable private func find(_ request: GatewayRequest) async throws(EventoError) -> Response {
    let encoding = try request.encoding()
    let id = try request.ulid("id")
    guard let edge = try await store.eventLookup().event(id) else {
      throw EventoError(.eventNotFound, "There is no event \(id).")
    }
    return .json(Page.json(edge, encoding))
  }
}
