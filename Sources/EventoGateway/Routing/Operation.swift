internal import Evento
internal import EventoWire
internal import HTTPServer

/// One method of one route.
///
/// It is a class, like ``Route``: each request holds both for a while, which takes one reference count each instead
/// of one for every closure in them.
final class Operation: Sendable {
  /// Decodes a request, and returns the work that makes its response.
  ///
  /// If the body is small, it is called on the event loop, because decoding it costs less than changing the thread: it
  /// must not block.
  typealias Handler = @Sendable (GatewayRequest) throws(EventoError) -> ResponsePlan

  /// The role that a client needs; `nil` if none is required.
  let role: Role?
  let takesQuery: Bool
  let takesBody: Bool
  /// True for a GET that also accepts `HEAD`.
  let takesHead: Bool
  /// True if it counts as a request in flight. An operation that doesn't is never refused because of them.
  let countsInFlight: Bool
  /// True if its responses can be large, and are compressed for clients that ask for it.
  let isCompressible: Bool
  let handler: Handler

  init(
    _ role: Role?, takesQuery: Bool = false, takesBody: Bool = false, takesHead: Bool = true,
    countsInFlight: Bool = true, isCompressible: Bool = false, _ handler: @escaping Handler
  ) {
    self.role = role
    self.takesQuery = takesQuery
    self.takesBody = takesBody
    self.takesHead = takesHead
    self.countsInFlight = countsInFlight
    self.isCompressible = isCompressible
    self.handler = handler
  }

  /// Returns the work that makes the response to a request.
  ///
  /// - Throws: `invalid_request` if an operation without a query got one; the handler's error.
  func plan(for request: GatewayRequest) throws(EventoError) -> ResponsePlan {
    if !takesQuery, request.head.query != nil {
      var parameters = try request.parameters()
      try parameters.finish()
    }
    return try handler(request)
  }
}

/// The operations on the paths of one pattern, one for each method.
final class Route: Sendable {
  let pattern: PathPattern
  /// The operations in the order of `Allow`. `HEAD` goes with `GET`, and `OPTIONS` with everything.
  let operations: [(method: String, operation: Operation)]

  init(_ pattern: String, _ operations: [(String, Operation)]) {
    self.pattern = PathPattern(pattern)
    self.operations = operations
  }

  func operation(_ method: String) -> Operation? {
    let found = operations.first { $0.method == (method == "HEAD" ? "GET" : method) }?.operation
    return method == "HEAD" && found?.takesHead == false ? nil : found
  }

  /// The value of `Allow` (RFC 9110 §10.2.1).
  var allow: String {
    let methods = operations.flatMap { method, operation in
      method == "GET" && operation.takesHead ? [method, "HEAD"] : [method]
    }
    return (methods + ["OPTIONS"]).joined(separator: ", ")
  }
}
