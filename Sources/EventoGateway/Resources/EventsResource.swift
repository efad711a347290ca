internal import Evento
internal import EventoWire
internal import HTTPServer

/// `/events`: docs/http-api.md §3, §4 and §5.1.
struct EventsResource: Sendable {
  let store: Store
  let limits: WireLimits
  let pageBytes: Int
  let longestWait: Duration
  let basePath: String
  let tail: LogTail
  let gates: FollowerGates
  let load: Load
  let access: AccessControl

  var resources: [Resource] {
    [
      Resource(
        "/events",
        [
          ("GET", Operation(.read, takesQuery: true, reading)),
          ("POST", Operation(.write, takesBody: true, writing)),
        ]),
      Resource("/events/query", [("POST", Operation(.read, takesBody: true, querying))]),
      Resource("/events/{id}", [("GET", Operation(.read, takesQuery: true, finding))]),
    ]
  }

  private var pages: EventPages { EventPages(store: store, limit: pageBytes) }

  private var writing: Operation.Action {
    guard let writer = store.callbackWriter else { return .store(write) }
    return .callback(
      { [limits, basePath] (request) throws(EventoError) in
        let write = try WriteRequest(json: request.body, limits: limits)
        return { reply in
          writer.write(write.events, condition: write.condition, unless: { reply.isUnwanted }) {
            [events = write.events] result in
            reply.send { () throws(EventoError) in
              // The events are held until here, so that as good as always the thread that made them frees them:
              // another would wait for its part of the heap, and it for the other.
              defer { withExtendedLifetime(events) {} }
              return .written(try result.naming(cursor: Self.conditionCursor).get(), basePath)
            }
          }
        }
      }, orWait: write)
  }

  @Sendable private func write(_ request: GatewayRequest) async throws -> Response {
    let write = try WriteRequest(json: request.body, limits: limits)
    let result = try await naming(cursor: Self.conditionCursor) { () async throws in
      if let condition = write.condition {
        try await store.conditionalWriter().write(write.events, condition: condition)
      } else {
        try await store.executor.write(write.events)
      }
    }
    return .written(result, basePath)
  }

  private static let conditionCursor = "/condition/after"

  private var reading: Operation.Action {
    paging(ParameterReader.label) { (request) throws(EventoError) in try readRequest(request) }
  }
  private var querying: Operation.Action {
    paging({ "/\($0)" }) { (request) throws(EventoError) in try ReadRequest(json: request.body) }
  }

  private func readRequest(_ request: GatewayRequest) throws(EventoError) -> ReadRequest {
    var parameters = try request.parameters()
    return try ReadRequest(&parameters)
  }

  /// Reads a page without a task, unless it may have to wait for events.
  ///
  /// - Parameter label: what an error calls a member of the request.
  private func paging(
    _ label: @escaping @Sendable (String) -> String,
    _ decode: @escaping @Sendable (GatewayRequest) throws(EventoError) -> ReadRequest
  ) -> Operation.Action {
    let wait = { @Sendable (request: GatewayRequest) async throws in
      let read = try decode(request)
      return try await naming(cursor: label(read.args.cursorMember)) { () async throws in
        try await page(read, for: request)
      }
    }
    guard let viewer = pages.viewer else { return .store(wait) }
    return .callback(
      { (request) throws(EventoError) in
        let read = try decode(request)
        guard read.wait == nil else { return nil }
        let cursor = read.args.cursorMember
        return { reply in
          viewer.page(read, for: reply) { result in
            reply.send { () throws(EventoError) in
              .json(try result.naming(cursor: label(cursor)).get().json)
            }
          }
        }
      }, orWait: wait)
  }

  private func page(_ read: ReadRequest, for request: GatewayRequest) async throws -> Response {
    var page = try await pages.page(read)
    if let seconds = read.wait, page.isEmpty {
      page = try await load.waiting { () async throws in
        request.hold?.set()
        return try await self.page(
          read, behind: page, until: .now + min(.seconds(seconds), longestWait), unless: request.hold?.interruption)
      }
      guard access.allows(request.token, .read) else {
        throw EventoError(.unauthorized, "The token was revoked while this read waited. Use another one.")
      }
    }
    return .json(page.json)
  }

  /// Holds a read that has found nothing until there is something, or the time is over, or the client may be gone, or the
  /// gateway stops.
  private func page(
    _ read: ReadRequest, behind empty: EventPages.Page, until deadline: ContinuousClock.Instant,
    unless interruption: Interruption?
  ) async throws -> EventPages.Page {
    guard case .forward(let first, var start) = read.args else { return empty }
    var (read, page) = (read, empty)
    let commits = try tail.join(FollowFilter(aggregators: read.aggregators, routingKey: read.routingKey))
    read.aggregators = commits.filter.aggregators
    while true {
      let count = commits.count
      // From where the log was read up to: one that began at its end must not begin there anew.
      if let end = page.end { start = .after(end) }
      read.args = .forward(first: first, after: start)
      page = try await gates.gate(for: .atEnd, commits.filter).pass { [read] in try await pages.page(read) }
      let lastRead = commits.mark(count)
      let mustEnd = commits.hasEnded || interruption?.hasCome == true || Task.isCancelled
      if !page.isEmpty || mustEnd || ContinuousClock.now >= deadline { return page }
      await commits.wait(past: count, until: deadline, unless: interruption)
      if !commits.mayHaveNews(since: lastRead) {
        // The wait is over, and nothing has come: another read would find nothing.
        return commits.quietPlace(since: lastRead).map { pages.emptyPage(read, upTo: $0) } ?? page
      }
    }
  }

  private var finding: Operation.Action {
    guard let viewer = pages.viewer else { return .store(find) }
    return .callback(
      { (request) throws(EventoError) in
        let encoding = try request.encoding()
        let id = try request.ulid("id")
        return { reply in
          viewer.event(id, encoding, for: reply) { result in
            reply.send { () throws(EventoError) in try .event(id, try result.get()) }
          }
        }
      }, orWait: find)
  }

  @Sendable private func find(_ request: GatewayRequest) async throws -> Response {
    let encoding = try request.encoding()
    let id = try request.ulid("id")
    return try .event(id, try await pages.event(id, encoding))
  }
}

extension Args {
  /// The member of a request that may bear a cursor.
  fileprivate var cursorMember: String {
    switch self {
    case .forward: "after"
    case .backward: "before"
    }
  }
}

extension Response {
  fileprivate static func written(_ result: WriteResult, _ basePath: String) -> Response {
    var response = Response.json(WriteAnswer.json(result.events), status: result.isResend ? 200 : 201)
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
