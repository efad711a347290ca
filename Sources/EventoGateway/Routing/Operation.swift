internal import Evento
internal import HTTPServer

/// What one method of one resource does.
///
/// A class, as ``Resource`` is: each request holds both for a while, which takes a count each, and not one for every
/// closure in them.
final class Operation: Sendable {
  /// What a caller must be allowed; `nil`: anybody may.
  let role: Role?
  let takesQuery: Bool
  let takesBody: Bool
  /// Whether `HEAD` goes with it, where it is a GET.
  let takesHead: Bool
  let action: Action

  /// Whether it counts among the requests in flight.
  var asksTheStore: Bool {
    switch action {
    case .store, .callback: true
    case .immediate, .probe: false
    }
  }

  /// Bytes of a body that is decoded on the event loop.
  static let smallBody = 8 << 10

  enum Action: Sendable {
    /// From what is at hand, on the event loop.
    case immediate(@Sendable (GatewayRequest) throws(EventoError) -> Response)
    /// From the store; counts among the requests in flight.
    case store(@Sendable (GatewayRequest) async throws -> Response)
    /// From the store, which tells of its end by a call; prepared and begun on the event loop where the body is small,
    /// for to decode that costs less than to go to another thread. Counts among the requests in flight.
    case callback(Prepare, orWait: @Sendable (GatewayRequest) async throws -> Response)
    /// For a probe that must never wait behind work: not behind requests in flight, and not behind the tasks of other
    /// requests.
    case probe(Work)
  }

  /// Makes what there is to do of a request; `nil` where only a task can do it.
  typealias Prepare = @Sendable (GatewayRequest) throws(EventoError) -> Work?
  /// Begins the work; its answer is given at once or from another thread.
  typealias Work = @Sendable (Reply) -> Void

  init(
    _ role: Role?, takesQuery: Bool = false, takesBody: Bool = false, takesHead: Bool = true, _ action: Action
  ) {
    self.role = role
    self.takesHead = takesHead
    self.takesQuery = takesQuery
    self.takesBody = takesBody
    self.action = action
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
