internal import Evento
internal import EventoWire
internal import HTTPServer

/// What one method of one resource does.
///
/// A class, as ``Resource`` is: each request holds both for a while, which takes a count each, and not one for every
/// closure in them.
final class Operation: Sendable {
  /// Decodes a request, and returns how its response is made.
  ///
  /// It is called on the event loop if the body is small, since to decode that costs less than to go to another thread:
  /// it must not block.
  typealias Handler = @Sendable (GatewayRequest) throws(EventoError) -> Work

  /// What a caller must be allowed; `nil`: anybody may.
  let role: Role?
  let takesQuery: Bool
  let takesBody: Bool
  /// Whether `HEAD` goes with it, where it is a GET.
  let takesHead: Bool
  /// Whether it counts among the requests in flight. What does not is never refused because of them.
  let countsInFlight: Bool
  let handler: Handler

  init(
    _ role: Role?, takesQuery: Bool = false, takesBody: Bool = false, takesHead: Bool = true,
    countsInFlight: Bool = true, _ handler: @escaping Handler
  ) {
    self.role = role
    self.takesQuery = takesQuery
    self.takesBody = takesBody
    self.takesHead = takesHead
    self.countsInFlight = countsInFlight
    self.handler = handler
  }

  /// Returns how the response to a request is made.
  ///
  /// - Throws: `invalid_request` if a resource without a query got one; what the handler throws.
  func work(for request: GatewayRequest) throws(EventoError) -> Work {
    if !takesQuery, request.head.query != nil {
      var parameters = try request.parameters()
      try parameters.finish()
    }
    return try handler(request)
  }
}

/// All methods of one resource.
final class Resource: Sendable {
  let pattern: PathPattern
  /// In the order in which `Allow` names them. `HEAD` goes with `GET`, and `OPTIONS` with everything.
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
