internal import Evento
internal import EventoWire
package import HTTPServer

/// The facts of a response that the server does not have, for the access log.
final class ResponseNote: Sendable {
  let exchange: Exchange
  /// The error that the response reports, with its internal cause.
  let error: EventoError?

  init(_ exchange: Exchange, _ error: EventoError?) {
    self.exchange = exchange
    self.error = error
  }
}

extension Gateway {
  package var observesEnds: Bool { accessLog != nil }

  package func ended(_ request: EndedRequest) {
    guard let accessLog else { return }
    let (head, note) = (request.head, request.note as? ResponseNote)
    var (route, token) = (note?.exchange.routeLabel, note?.exchange.token)
    // The server has responded instead of the gateway, or the client was gone before the response. Both are found again.
    if note?.exchange.isRejected ?? true {
      route = request.path.flatMap { try? router.find($0).route.pattern.template }
      token = head.flatMap { try? access.token(of: $0) }
    }
    accessLog(
      AccessLogEntry(
        requestID: note?.exchange.requestID ?? RequestID.of(request.fields),
        client: head.map { trustedProxies.client(of: $0).address } ?? request.peer.host, token: token?.name,
        method: request.method, path: request.path, route: route, status: request.status, code: note?.error?.code,
        cause: note?.error?.loggedCause,
        duration: request.duration, requestBytes: request.requestBytes, responseBytes: request.responseBytes,
        isComplete: request.isComplete, traceID: request.fields.traceParent?.traceID))
  }
}

extension EventoError {
  /// The cause for the log. The detail of an internal error is one too, because no client gets it.
  fileprivate var loggedCause: String? { cause ?? (code.status == 500 ? detail : nil) }
}

extension Headers {
  /// The trace context of a request; `nil` without a valid one. More than one field is invalid:
  /// https://www.w3.org/TR/trace-context/#traceparent-header
  var traceParent: TraceParent? {
    let values = values(of: TraceParent.field)
    return values.count == 1 ? TraceParent(values[0]) : nil
  }
}
