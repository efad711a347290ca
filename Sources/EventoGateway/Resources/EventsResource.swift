internal import Evento
internal import EventoWire
internal import HTTPServer

/// `/events`: docs/http-api.md §3, §4 and §5.1.
struct EventsResource: Sendable {
  let store: any CallbackExecutor
  let limits: WireLimits
  let pageBytes: Int
  let longestWait: Duration
  let basePath: String
  let hub: FollowerHub
  let gates: FollowerGates
  let load: Load
  let access: AccessControl

  var resources: [Route] {
    [
      Route(
        "/events",
        [
          ("GET", Operation(.read, takesQuery: true, read)),
          ("POST", Operation(.write, takesBody: true, write)),
        ]),
      Route("/events/query", [("POST", Operation(.read, takesBody: true, query))]),
      Route("/events/{id}", [("GET", Operation(.read, takesQuery: true, find))]),
    ]
  }

  private var pages: EventPages { EventPages(store: store, limit: pageBytes) }

  @Sendable private func write(_ request: GatewayRequest) throws(EventoError) -> Work {
    let write = try WriteRequest(json: request.body, limits: limits)
    return .callback { [store, basePath] reply in
      store.write(write.events, condition: write.condition, unless: { reply.isUnwanted }) {
        [events = write.events] result in
        reply.send { () throws(EventoError) in
          // The events are held until here, so that almost always the thread that allocated them frees them: another
          // thread would compete with it for the same part of the heap.
          defer { withExtendedLifetime(events) {} }
          return .written(try result.naming(cursor: "/condition/after").get(), basePath)
        }
      }
    }
  }

  @Sendable private func find(_ request: GatewayRequest) throws(EventoError) -> Work {
    let encoding = try request.encoding()
    let id = try request.ulid("id")
    return .callback { [pages] reply in
      pages.event(id, encoding, for: reply) { result in
        reply.send { () throws(EventoError) in try .event(id, try result.get()) }
      }
    }
  }

  // MARK: Pages

  @Sendable private func read(_ request: GatewayRequest) throws(EventoError) -> Work {
    var parameters = try request.parameters()
    return page(try ReadRequest(&parameters), for: request, label: ParameterReader.label)
  }

  @Sendable private func query(_ request: GatewayRequest) throws(EventoError) -> Work {
    page(try ReadRequest(json: request.body), for: request, label: { "/\($0)" })
  }

  /// - Parameter label: Returns the name of a member of the request for errors.
  private func page(
    _ read: ReadRequest, for request: GatewayRequest, label: @escaping @Sendable (String) -> String
  ) -> Work {
    if let seconds = read.wait {
      return .task { [token = request.token] hold in
        try await naming(cursor: label(read.args.cursorMember)) { () async throws in
          try await page(read, waiting: seconds, hold, token)
        }
      }
    }
    return .callback { [pages] reply in
      pages.page(read, for: reply) { [member = read.args.cursorMember] result in
        reply.send { () throws(EventoError) in .json(try result.naming(cursor: label(member)).get().json) }
      }
    }
  }

  private func page(
    _ read: ReadRequest, waiting seconds: Int, _ hold: Hold, _ token: TokenSet.Entry?
  ) async throws -> Response {
    var page = try await pages.page(read)
    if page.isEmpty {
      page = try await load.waiting { () async throws in
        hold.set()
        return try await self.page(
          read, behind: page, until: .now + min(.seconds(seconds), longestWait), unless: hold.interruption)
      }
      guard access.allows(token, .read) else {
        throw EventoError(.unauthorized, "The token was revoked while this read waited. Use another one.")
      }
    }
    return .json(page.json)
  }

  /// Holds a read that has found nothing until there is a matching event, the time is over, the client may be gone, or
  /// the gateway stops.
  private func page(
    _ read: ReadRequest, behind empty: EventPages.Page, until deadline: ContinuousClock.Instant,
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
        page = try await gates.gate(for: .atEnd, commits.filter).pass { [read] in try await pages.page(read) }
      } catch is ReadGate.Closed {
        return page
      }
      let lastRead = commits.mark(count)
      let mustEnd = commits.hasEnded || interruption?.isSet == true || Task.isCancelled
      if !page.isEmpty || mustEnd || ContinuousClock.now >= deadline { return page }
      await commits.wait(past: count, until: deadline, unless: interruption)
      if !commits.mayHaveNews(since: lastRead) {
        // The wait is over without a matching event, so another read would find nothing.
        return commits.quietPlace(since: lastRead).map { pages.emptyPage(read, upTo: $0) } ?? page
      }
    }
  }
}

extension Args {
  /// The member of a request that can contain a cursor.
  fileprivate var cursorMember: String {
    switch self {
    case .forward: "after"
    case .backward: "before"
    }
  }
}

extension Response {
  fileprivate static func written(_ result: WriteResult, _ basePath: String) -> Response {
    var response = Response.json(WriteResponse.json(result.events), status: result.isResend ? 200 : 201)
    if result.events.count == 1 {
      response.headers.append(
        "Location",
        appendingValue: { line in
          line.append(contentsOf: basePath.utf8)
          line.append(contentsOf: "/events/".utf8)
          result.events[0].id.append(to: &line)
        })
    }
    return response
  }

  fileprivate static func event(_ id: ULID, _ event: [UInt8]?) throws(EventoError) -> Response {
    guard let event else {
      throw EventoError(.eventNotFound, "No event \(id). Check the id.")
    }
    return .json(event)
  }
}
