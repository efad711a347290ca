internal import Evento
internal import EventoWire
internal import HTTPServer
internal import Logging

/// How the answer to a request that is allowed comes about.
extension Gateway {
  /// Bytes of a body that is decoded on the event loop.
  private static let smallBody = 8 << 10

  func answer(_ request: GatewayRequest, _ operation: Operation, _ exchange: Exchange) -> ResponseSource {
    do throws(EventoError) {
      let inFlight = operation.countsInFlight ? try load.enter() : nil
      guard request.body.count <= Self.smallBody else {
        return later(exchange, inFlight) { hold async throws in
          // To decode a body of 16 MiB takes a tenth of a second and more, for which no thread of the cooperative pool,
          // of which there are as many as processors, is to be kept from the others.
          try await withTaskExecutorPreference(LongWork.executor) { () async throws in
            try await operation.work(for: request).response(hold)
          }
        }
      }
      switch try operation.work(for: request) {
      case .response(let response): return .now(finish(exchange, response))
      case .callback(let begin):
        let context = Reply.Context(self, exchange, inFlight)
        return .whenSent { responder in begin(Reply(context, responder)) }
      case .task(let body): return later(exchange, inFlight, body)
      }
    } catch {
      return .now(finish(exchange, problem(error, exchange)))
    }
  }

  private func later(
    _ exchange: Exchange, _ inFlight: Load.Request?, _ body: @escaping @Sendable (Hold) async throws -> Response
  ) -> ResponseSource {
    .later { [self] halfClose in
      var exchange = exchange
      let hold = Hold()
      halfClose.onSet { hold.interruption.come() }
      do {
        let response = try await body(hold)
        inFlight?.end()
        exchange.isHeld = hold.isSet
        return finish(exchange, response)
      } catch {
        inFlight?.end()
        // The client is gone, or has had another answer: this one goes nowhere, and is no failure of the store.
        if Task.isCancelled, error as? EventoError == .requestDropped { return Response(status: 503) }
        exchange.isHeld = hold.isSet
        // The one place for what an executor of someone else may throw: it becomes `internal`.
        return finish(exchange, problem(EventoError(wrapping: error), exchange))
      }
    }
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
