internal import Evento
internal import EventoWire
internal import HTTPServer

/// `/events`: docs/http-api.md §3, §4 and §5.1.
struct EventsResource: Sendable {
  let store: any CallbackExecutor
  let pages: EventPages
  let waitingReads: WaitingReads
  let admission: AdmissionControl
  let access: AccessControl
  let limits: WireLimits
  let longestWait: Duration
  /// See ``GatewayConfiguration/addsTraceParent``.
  let addsTraceParent: Bool
  let basePath: String

  var routes: [Route] {
    [
      Route(
        "/events",
        [
          ("GET", Operation(.read, takesQuery: true, isCompressible: true, read)),
          ("POST", Operation(.write, takesBody: true, write)),
        ]),
      Route("/events/query", [("POST", Operation(.read, takesBody: true, isCompressible: true, query))]),
      Route("/events/{id}", [("GET", Operation(.read, takesQuery: true, isCompressible: true, find))]),
    ]
  }

  private func writeRequest(_ request: GatewayRequest) throws(EventoError) -> WriteRequest {
    var write = try WriteRequest(json: request.body, limits: limits)
    if addsTraceParent, let trace = request.head.headers.traceParent {
      write.addTraceParent(trace, upTo: limits.metadataBytes)
    }
    return write
  }

  @Sendable private func write(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    let write = try writeRequest(request)
    return .callback { [store, basePath] responder in
      store.write(write.events, condition: write.condition, unless: { responder.isCancelled }) {
        [events = write.events] result in
        responder.send { () throws(EventoError) in
          // The events are held until here, so that almost always the thread that allocated them frees them: another
          // thread would compete with it for the same part of the heap.
          defer { withExtendedLifetime(events) {} }
          return .written(try result.naming(cursor: "/condition/after").get(), basePath)
        }
      }
    }
  }

  @Sendable private func find(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    let encoding = try request.encoding()
    let id = try request.ulid("id")
    return .callback { [pages] responder in
      pages.event(id, encoding, for: responder) { result in
        responder.send { () throws(EventoError) in try .event(id, try result.get()) }
      }
    }
  }

  @Sendable private func read(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    var parameters = try request.parameters()
    return plan(for: try ReadRequest(&parameters), request.token, label: ParameterReader.label)
  }

  @Sendable private func query(_ request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    plan(for: try ReadRequest(json: request.body), request.token, label: { "/\($0)" })
  }

  /// - Parameter label: Returns the name of a member of the request for errors.
  private func plan(
    for read: ReadRequest, _ token: TokenSet.Entry?, label: @escaping @Sendable (String) -> String
  ) -> ResponsePlan {
    if let seconds = read.wait {
      return .task { waitState in
        try await naming(cursor: label(read.args.cursorMember)) { () async throws in
          try await response(to: read, waiting: seconds, waitState, token)
        }
      }
    }
    return .callback { [pages] responder in
      pages.page(read, for: responder) { [member = read.args.cursorMember] result in
        responder.send { () throws(EventoError) in .json(try result.naming(cursor: label(member)).get().json) }
      }
    }
  }

  private func response(
    to read: ReadRequest, waiting seconds: Int, _ waitState: WaitState, _ token: TokenSet.Entry?
  ) async throws -> Response {
    let page = try await pages.page(read)
    guard page.isEmpty else { return .json(page.json) }
    let later = try await admission.asFollower { () async throws in
      waitState.recordWait()
      return try await waitingReads.page(
        of: read, after: page, until: .now + min(.seconds(seconds), longestWait), unless: waitState.interruption)
    }
    guard access.allows(token, .read) else {
      throw EventoError(.unauthorized, "The token was revoked while this read waited. Use another one.")
    }
    return .json(later.json)
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
