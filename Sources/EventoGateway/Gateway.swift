public import Evento
internal import EventoWire
public import HTTPServer
public import Logging

/// Puts an executor behind HTTP and JSON: the handler of an ``HTTPServer``.
///
/// A request is checked in the order of contract §1: path and method, who may, media type and size, and only then its
/// body.
public final class Gateway: RequestHandler {
  private let configuration: GatewayConfiguration
  private let access: AccessControl
  private let browsers: BrowserRules
  private let forwarding: Forwarding
  private let router: Router
  /// Ended when nobody is to wait for events any more, here or because the store is closed.
  private let relay: CommitRelay
  private let load: Load
  private let metrics: Metrics
  private let log: Logger

  public init(_ executor: any Executor, configuration: GatewayConfiguration, log: Logger) {
    self.configuration = configuration
    self.log = log
    access = AccessControl(configuration.tokens)
    browsers = BrowserRules(
      allowedOrigins: Set(configuration.allowedOrigins), allowedHosts: configuration.allowedHosts,
      checksHost: configuration.checksHost)
    forwarding = Forwarding(trusted: configuration.trustedProxies)
    relay = CommitRelay([executor])
    load = Load(requestLimit: configuration.requestsInFlight, followerLimit: configuration.followers)
    metrics = Metrics(load)
    let store = Store(executor)
    let tail = LogTail(executor, relay: relay)
    let limits = configuration.wireLimits
    let events = EventsResource(
      store: store, limits: limits, pageBytes: configuration.pageBytes, longestWait: configuration.longestWait,
      basePath: configuration.basePath, tail: tail, load: load)
    let stream = StreamResource(
      pages: SharedPages(executor), tail: tail, commits: relay.signal, load: load, heartbeat: configuration.heartbeat)
    router = Router(
      // What has a name of its own goes before `/events/{id}`.
      stream.resources + events.resources + SubscribersResource(store: store).resources
        + SnapshotsResource(store: store, limits: limits).resources
        + ServiceResource(store: store, metrics: metrics).resources,
      basePath: configuration.basePath)
  }

  /// Ends streams, each with a complete body, and answers reads that wait with the page that they have. To be called
  /// before the server is shut down.
  public func stopFollowing() {
    relay.signal.end()
  }

  /// Takes other tokens from now on.
  public func replaceTokens(_ tokens: TokenSet?) {
    access.replaceTokens(tokens)
  }

  /// Shows the server's own figures in `/metrics` too.
  public func showStatistics(of server: HTTPServer) {
    metrics.attach { [weak server] in server?.statistics ?? ServerStatistics() }
  }

  /// The paths and methods that are served, as the API's document has them.
  package var operations: [(path: String, method: String)] {
    router.resources.flatMap { resource in resource.operations.map { (resource.pattern.template, $0.method) } }
  }

  // MARK: RequestHandler

  public func receive(_ head: RequestHead) -> Reception {
    var exchange = Exchange(head)
    do throws(EventoError) {
      return try receive(head, &exchange)
    } catch {
      return .answer(.now(finish(exchange, .problem(error, allow(for: error, head)))))
    }
  }

  public func response(to fault: ProtocolFault, head: RequestHead?) -> Response {
    let error = EventoError(fault.code, fault.detail)
    // RFC 9110 §15.5.6: what there is at all, where the target is no resource of any kind.
    let fields = error.code == .methodNotAllowed ? [("Allow", router.methods.joined(separator: ", "))] : []
    return finish(Exchange(head), .problem(error, fields))
  }

  private func receive(_ head: RequestHead, _ exchange: inout Exchange) throws(EventoError) -> Reception {
    if head.method == "OPTIONS", head.path == "*" { return .answer(.now(finish(exchange, .noContent()))) }
    let (resource, names) = try router.find(head.path)
    exchange.route = resource.pattern.template
    let operation = resource.operation(head.method)
    guard operation != nil || head.method == "OPTIONS" else {
      throw EventoError(.methodNotAllowed, "\(head.method) means nothing here: there are \(resource.allow).")
    }
    try browsers.check(head, scheme: { forwarding.client(of: head).scheme })
    guard let operation else {
      let fields = [("Allow", resource.allow)] + browsers.preflightFields(head, allow: resource.allow)
      return .answer(.now(finish(exchange, .noContent(fields))))
    }
    if let role = operation.role { try access.check(head, needs: role) }
    let request = GatewayRequest(id: exchange.requestID, head: head, names: names)
    guard operation.takesBody else { return .answer(answer(request, operation, exchange)) }
    try MediaType.check(head.headers)
    try checkLoad(operation)
    return .readBody(limit: configuration.bodyBytes) { [self, exchange] body in
      var request = request
      request.body = body
      return answer(request, operation, exchange)
    }
  }

  /// `Allow` goes with every 405 (RFC 9110 §15.5.6).
  private func allow(for error: EventoError, _ head: RequestHead) -> [(String, String)] {
    guard error.code == .methodNotAllowed, let found = try? router.find(head.path) else { return [] }
    return [("Allow", found.resource.allow)]
  }

  // MARK: Answers

  private func answer(_ request: GatewayRequest, _ operation: Operation, _ exchange: Exchange) -> Answer {
    switch operation.action {
    case .immediate(let action):
      return .now(
        finish(
          exchange,
          Self.response { () throws(EventoError) in
            try Self.checkQuery(request, operation)
            return try action(request)
          }))
    case .probe(let action):
      return .later { [self] in
        do throws(EventoError) {
          try Self.checkQuery(request, operation)
        } catch {
          return finish(exchange, .problem(error))
        }
        return finish(exchange, await action(request))
      }
    case .callback(let prepare, let action):
      guard request.body.count <= Operation.smallBody else { return later(request, operation, exchange, action) }
      return begin(prepare, request, operation, exchange, orWait: action)
    case .store(let action):
      return later(request, operation, exchange, action)
    }
  }

  private func later(
    _ request: GatewayRequest, _ operation: Operation, _ exchange: Exchange,
    _ action: @escaping @Sendable (GatewayRequest) async throws(EventoError) -> Response
  ) -> Answer {
    .later { [self] in
      finish(exchange, await work(on: request, operation, action))
    }
  }

  private func begin(
    _ prepare: Operation.Prepare, _ request: GatewayRequest, _ operation: Operation, _ exchange: Exchange,
    orWait action: @escaping @Sendable (GatewayRequest) async throws(EventoError) -> Response
  ) -> Answer {
    do throws(EventoError) {
      let slot = try load.enter()
      try Self.checkQuery(request, operation)
      guard let work = try prepare(request) else { return later(request, operation, exchange, action) }
      return .whenSent { [self] responder in
        work { make in
          responder.send { [self] in
            withExtendedLifetime(slot) {}
            do throws(EventoError) {
              return finish(exchange, try make())
            } catch {
              return finish(exchange, problem(error, request))
            }
          }
        }
      }
    } catch {
      return .now(finish(exchange, problem(error, request)))
    }
  }

  private func work(
    on request: GatewayRequest, _ operation: Operation,
    _ action: @Sendable (GatewayRequest) async throws(EventoError) -> Response
  ) async -> Response {
    do throws(EventoError) {
      return try await load.request { () async throws(EventoError) in
        try Self.checkQuery(request, operation)
        return try await action(request)
      }
    } catch {
      return problem(error, request)
    }
  }

  private static func response(_ body: () throws(EventoError) -> Response) -> Response {
    do throws(EventoError) {
      return try body()
    } catch {
      return .problem(error)
    }
  }

  /// - Throws: `invalid_request` where a resource that takes no query got one.
  private static func checkQuery(_ request: GatewayRequest, _ operation: Operation) throws(EventoError) {
    guard !operation.takesQuery, request.head.query != nil else { return }
    var parameters = try request.parameters()
    try parameters.finish()
  }

  /// Before the body is read: what would be refused then need not be sent.
  private func checkLoad(_ operation: Operation) throws(EventoError) {
    if operation.asksTheStore { try load.check() }
  }

  /// What an error tells a client; what happened inside goes to the log alone.
  private func problem(_ error: EventoError, _ request: GatewayRequest) -> Response {
    guard error.code.status >= 500 else { return .problem(error) }
    log.error(
      "\(request.head.method) \(request.head.path) failed: \(error.detail)",
      metadata: ["request_id": "\(request.id)", "code": "\(error.code.rawValue)", "cause": "\(error.cause ?? "-")"])
    guard error.code.status == 500 else { return .problem(error) }
    return .problem(
      EventoError(
        .internal, "Something went wrong inside, and what is in the log under the request id \(request.id)."))
  }

  private func finish(_ exchange: Exchange, _ response: consuming Response) -> Response {
    var response = response
    response.headers.append(RequestID.field, exchange.requestID)
    for (name, value) in browsers.responseFields(exchange.head) { response.headers.append(name, value) }
    metrics.record(exchange.label(response.status), exchange.start.duration(to: .now))
    log.debug(
      "\(exchange.head?.method ?? "-") \(exchange.head?.path ?? "-") \(response.status)",
      metadata: [
        "request_id": "\(exchange.requestID)",
        "client": "\(exchange.head.map { forwarding.client(of: $0).address } ?? "-")",
      ])
    return response
  }
}

/// A request and its answer, for the log and the metrics.
private struct Exchange: Sendable {
  let requestID: String
  /// `nil` where there was none that could be read.
  let head: RequestHead?
  let start = ContinuousClock.now
  /// The route's template, once it is known.
  var route = "-"

  init(_ head: RequestHead?) {
    requestID = RequestID.of(head)
    self.head = head
  }

  func label(_ status: Int) -> Metrics.Label {
    Metrics.Label(route: route, method: route == "-" ? "-" : head?.method ?? "-", status: status)
  }
}

extension ProtocolFault {
  /// The code of the contract that stands for it.
  fileprivate var code: EventoError.Code {
    switch status {
    case 405: .methodNotAllowed
    case 408: .requestTimeout
    case 413: .contentTooLarge
    case 414: .uriTooLong
    case 417: .expectationFailed
    case 431: .headersTooLarge
    case 501: .notImplemented
    case 503, 504: .unavailable
    case 505: .httpVersionNotSupported
    case 500: .internal
    default: .invalidRequest
    }
  }
}
