internal import Evento
internal import EventoWire
internal import HTTPServer
internal import Logging

/// How the answer to a request that is allowed comes about.
extension Gateway {
  func answer(_ request: GatewayRequest, _ operation: Operation, _ exchange: Exchange) -> ResponseSource {
    switch operation.action {
    case .immediate(let action):
      return .now(finish(exchange, immediateResponse(request, operation, action)))
    case .probe(let work):
      do throws(EventoError) {
        try Self.checkQuery(request, operation)
      } catch {
        return .now(finish(exchange, .problem(error)))
      }
      let context = Reply.Context(self, exchange, nil)
      return .whenSent { responder in work(Reply(context, responder)) }
    case .callback(let prepare, let action):
      guard request.body.count <= Operation.smallBody else { return later(request, operation, exchange, action) }
      return begin(prepare, request, operation, exchange, orWait: action)
    case .store(let action):
      return later(request, operation, exchange, action)
    }
  }

  private func immediateResponse(
    _ request: GatewayRequest, _ operation: Operation,
    _ action: (GatewayRequest) throws(EventoError) -> Response
  ) -> Response {
    do throws(EventoError) {
      try Self.checkQuery(request, operation)
      return try action(request)
    } catch {
      return .problem(error)
    }
  }

  private func later(
    _ request: GatewayRequest, _ operation: Operation, _ exchange: Exchange,
    _ action: @escaping @Sendable (GatewayRequest) async throws -> Response
  ) -> ResponseSource {
    .later { [self] halfClose in
      var (request, exchange) = (request, exchange)
      let hold = Hold()
      request.hold = hold
      halfClose.onSet { hold.interruption.come() }
      do {
        let response = try await load.request { [request] () async throws in
          try Self.checkQuery(request, operation)
          guard request.body.count > Operation.smallBody else { return try await action(request) }
          // To decode a body of 16 MiB takes a tenth of a second and more, for which no thread of the cooperative pool,
          // of which there are as many as processors, is to be kept from the others.
          return try await withTaskExecutorPreference(LongWork.executor) { () async throws in
            try await action(request)
          }
        }
        exchange.isHeld = hold.isSet
        return finish(exchange, response)
      } catch {
        // The client is gone, or has had another answer: this one goes nowhere, and is no failure of the store.
        if Task.isCancelled, error as? EventoError == .requestDropped { return Response(status: 503) }
        exchange.isHeld = hold.isSet
        // The one place for what an executor of someone else may throw: it becomes `internal`.
        return finish(exchange, problem(EventoError(wrapping: error), exchange))
      }
    }
  }

  private func begin(
    _ prepare: Operation.Prepare, _ request: GatewayRequest, _ operation: Operation, _ exchange: Exchange,
    orWait action: @escaping @Sendable (GatewayRequest) async throws -> Response
  ) -> ResponseSource {
    do throws(EventoError) {
      let inFlight = try load.enter()
      try Self.checkQuery(request, operation)
      guard let work = try prepare(request) else { return later(request, operation, exchange, action) }
      let context = Reply.Context(self, exchange, inFlight)
      return .whenSent { responder in work(Reply(context, responder)) }
    } catch {
      return .now(finish(exchange, problem(error, exchange)))
    }
  }

  /// - Throws: `invalid_request` where a resource that takes no query got one.
  private static func checkQuery(_ request: GatewayRequest, _ operation: Operation) throws(EventoError) {
    guard !operation.takesQuery, request.head.query != nil else { return }
    var parameters = try request.parameters()
    try parameters.finish()
  }

  /// What an error tells a client; what happened inside goes to the log alone.
  func problem(_ error: EventoError, _ exchange: Exchange) -> Response {
    guard error.code.status >= 500 else { return .problem(error) }
    // A store that is being closed has not failed.
    if error != .storeClosed { failures.add(error, exchange) }
    guard error.code.status == 500 else { return .problem(error) }
    return .problem(
      EventoError(
        .internal, "Internal error. The gateway's log has details under the request id \(exchange.requestID)."))
  }

  /// Adds what every answer has, and takes note of it.
  ///
  /// - Parameter fields: what could be read of a request that has no head.
  func finish(_ exchange: Exchange, _ response: consuming Response, to fields: Headers = Headers()) -> Response {
    var response = response
    response.headers.append(RequestID.field, exchange.requestID)
    // A cache that is not told may keep an answer by a rule of its own (RFC 9111 §4.2.2), an empty page or a 404 too.
    if response.headers[Caching.field] == nil { response.headers.append(Caching.field, "no-store") }
    for (name, value) in browsers.responseFields(exchange.head?.headers ?? fields) {
      response.headers.append(name, value)
    }
    let duration = exchange.duration
    metrics.record(exchange.label(response.status), duration ?? .zero)
    log.debug(
      "\(exchange.head?.method ?? "-") \(exchange.head?.path ?? "-") \(response.status)",
      metadata: [
        "request_id": "\(exchange.requestID)",
        "client": "\(exchange.head.map { forwarding.client(of: $0).address } ?? "-")",
        "duration_us": "\(duration.map { Int64($0 / .microseconds(1)).description } ?? "-")",
        "token": "\(exchange.token?.name ?? "-")",
      ])
    return response
  }
}
