internal import Evento
internal import EventoWire
internal import HTTPServer
internal import Logging

/// The steps from an allowed request to its response.
extension Gateway {
  /// The maximum size of a body that is decoded on the event loop.
  private static let smallBody = 8 << 10

  func respond(to request: GatewayRequest, _ operation: Operation, _ exchange: Exchange) -> ResponseSource {
    let compression = operation.isCompressible ? ResponseCompression(compressor, for: request) : nil
    do throws(EventoError) {
      let permit = operation.countsInFlight ? try admission.acquireRequest() : nil
      guard request.body.count <= Self.smallBody else {
        return respondInTask(exchange, permit, compression) { waitState async throws in
          // Decoding a body of 16 MiB takes a tenth of a second or more. It must not occupy a thread of the cooperative
          // pool, which has only as many as processors.
          try await withTaskExecutorPreference(LongWork.executor) { () async throws in
            try await operation.plan(for: request).response(waitState)
          }
        }
      }
      switch try operation.plan(for: request) {
      case .response(let response): return .response(finish(exchange, response))
      case .callback(let begin):
        let context = GatewayResponder.Context(self, exchange, permit, compression)
        return .callback { responder in begin(GatewayResponder(context, responder)) }
      case .task(let body): return respondInTask(exchange, permit, compression, body)
      }
    } catch {
      return .response(finish(exchange, problem(error, exchange), error))
    }
  }

  private func respondInTask(
    _ exchange: Exchange, _ permit: AdmissionControl.RequestPermit?, _ compression: ResponseCompression?,
    _ body: @escaping @Sendable (WaitState) async throws -> Response
  ) -> ResponseSource {
    .task { [self] halfClose in
      var exchange = exchange
      let waitState = WaitState()
      halfClose.onSet { waitState.interruption.set() }
      do {
        var response = try await body(waitState)
        if let compression { response = await compression.encode(response) }
        permit?.release()
        exchange.hasWaited = waitState.hasWaited
        return finish(exchange, response)
      } catch {
        permit?.release()
        // The client is gone, or has received another response: this one is not sent, and is not an error of the store.
        if Task.isCancelled, error as? EventoError == .requestDropped { return Response(status: 503) }
        exchange.hasWaited = waitState.hasWaited
        // The only place for errors of other types, which a custom executor may throw: they become `internal`.
        let error = EventoError(wrapping: error)
        return finish(exchange, problem(error, exchange), error)
      }
    }
  }

  /// Returns the response for an error. The internal cause is only logged.
  func problem(_ error: EventoError, _ exchange: Exchange) -> Response {
    guard error.code.status >= 500 else { return .problem(error) }
    // Closing a store is not an error.
    if error != .storeClosed { failures.add(error, exchange) }
    // The text of damage is for the client: it says how to read on.
    guard error.code.status == 500, error.code != .damaged else { return .problem(error) }
    return .problem(
      EventoError(
        .internal, "Internal error. The gateway's log has details under the request id \(exchange.requestID)."))
  }

  /// Adds the common fields of all responses, and records the response.
  ///
  /// - Parameters:
  ///   - error: The error that the response reports.
  ///   - fields: The fields of a request without a head, as far as they could be read.
  func finish(
    _ exchange: Exchange, _ response: consuming Response, _ error: EventoError? = nil, to fields: Headers = Headers()
  ) -> Response {
    var response = response
    response.headers.append(RequestID.field, exchange.requestID)
    // Without such a field, a cache may keep a response by its own rules (RFC 9111 §4.2.2), even an empty page or a
    // 404.
    if response.headers["Cache-Control"] == nil { response.headers.append("Cache-Control", "no-store") }
    // RFC 9110 §12.5.5: also of a response that is not compressed for this client.
    if exchange.dependsOnEncoding { response.headers.append("Vary", "Accept-Encoding") }
    for (name, value) in originPolicy.responseFields(exchange.head?.headers ?? fields) {
      response.headers.append(name, value)
    }
    let duration = exchange.duration
    metrics.record(exchange.label(response.status), duration ?? .zero)
    if observesEnds {
      // The access log has the request, with more of it than is known here.
      response.note = ResponseNote(exchange, error)
      return response
    }
    log.debug(
      "\(exchange.head?.method ?? "-") \(exchange.head?.path ?? "-") \(response.status)",
      metadata: [
        "request_id": "\(exchange.requestID)",
        "client": "\(exchange.head.map { trustedProxies.client(of: $0).address } ?? "-")",
        "duration_us": "\(duration.map { Int64($0 / .microseconds(1)).description } ?? "-")",
        "token": "\(exchange.token?.name ?? "-")",
      ])
    return response
  }
}
