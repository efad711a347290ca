package import Evento
internal import EventoWire
package import HTTPServer
package import Logging

/// Serves an executor over HTTP and JSON: the handler of an ``HTTPServer``.
///
/// A request is checked in the order of docs/http-api.md §12.5: path and method, permission, media type and size, and
/// only then its body.
package final class Gateway: RequestHandler {
  private let configuration: GatewayConfiguration
  let access: AccessControl
  let originPolicy: OriginPolicy
  let trustedProxies: TrustedProxies
  let router: Router
  /// Finished when no request may wait for events any more, because the gateway stops or the store is closed.
  private let relay: CommitRelay
  private let readLimits: FollowerReadLimits
  let admission: AdmissionControl
  /// `nil` if nothing is compressed.
  let compressor: Compressor?
  let metrics: Metrics
  let log: Logger
  let failures: RequestFailureLog
  let accessLog: (@Sendable (AccessLogEntry) -> Void)?

  package init(_ executor: any Executor, configuration: GatewayConfiguration, log: Logger) {
    self.configuration = configuration
    self.log = log
    failures = RequestFailureLog(log, interval: configuration.failureInterval)
    accessLog = configuration.accessLog
    access = AccessControl(configuration.tokens)
    originPolicy = OriginPolicy(
      allowedOrigins: Set(configuration.allowedOrigins), allowedHosts: Set(configuration.allowedHosts),
      hosts: configuration.hosts)
    trustedProxies = TrustedProxies(addresses: configuration.trustedProxies)
    relay = CommitRelay([executor])
    compressor = Self.compressor(configuration, log)
    admission = AdmissionControl(requestLimit: configuration.requestsInFlight, followerLimit: configuration.followers)
    let store = callbacks(of: executor)
    let hub = FollowerHub(relay: relay, admission: admission, filterBytes: configuration.totalFilterBytes)
    let streamLags = StreamLags()
    metrics = Metrics(configuration, admission: admission, hub: hub, streamLags: streamLags, store: store)
    readLimits = FollowerReadLimits()
    let limits = configuration.wireLimits
    let pages = EventPages(store: store, limit: configuration.pageBytes)
    let events = EventsResource(
      store: store, pages: pages, waitingReads: WaitingReads(pages: pages, hub: hub, readLimits: readLimits),
      admission: admission, access: access, limits: limits, longestWait: configuration.longestWait,
      addsTraceParent: configuration.addsTraceParent, basePath: configuration.basePath)
    let cache = PageCache(store, readLimits: readLimits)
    let stream = StreamResource(
      pages: cache, hub: hub, lags: streamLags, commits: relay.signal, admission: admission, access: access,
      compressor: compressor, heartbeat: configuration.heartbeat)
    router = Router(
      // Paths with a fixed name come before `/events/{id}`.
      stream.routes + events.routes + AggregatorsResource(executor: executor, pages: cache).routes
        + SubscribersResource(executor: executor).routes
        + SnapshotsResource(executor: executor, store: store, limits: limits).routes
        + ServiceResource(
          store: store, metrics: metrics, readinessLog: ReadinessLog(log), basePath: configuration.basePath
        ).routes,
      basePath: configuration.basePath)
  }

  private static func compressor(_ configuration: GatewayConfiguration, _ log: Logger) -> Compressor? {
    guard configuration.compression != .off else { return nil }
    do throws(Compressor.Unavailable) {
      return try Compressor(names: configuration.zlibNames)
    } catch {
      guard configuration.compression == .gzip else { return nil }
      log.notice(
        "Responses are not compressed, because zlib can't be loaded. Install the package zlib1g (Debian, Ubuntu) or zlib.",
        metadata: ["cause": "\(error.cause)"])
      return nil
    }
  }

  /// Ends streams, each with a complete body, and responds to waiting reads with their current page. Call it before the
  /// server is shut down.
  package func closeStreams() {
    relay.signal.finish()
    readLimits.close()
  }

  /// Writes the counted errors to the log. Call it when no more will follow.
  package func flushLog() {
    failures.flush()
  }

  /// Replaces the tokens. If a token is no longer valid, its streams end at their next event or heartbeat, and its
  /// waiting reads are refused when their wait is over.
  package func replaceTokens(_ tokens: TokenSet?) {
    access.replaceTokens(tokens)
  }

  /// Adds the server's own metrics to `/metrics`.
  package func observe(_ server: HTTPServer) {
    metrics.attach { [weak server] in server?.statistics ?? ServerStatistics() }
  }

  // MARK: RequestHandler

  package func receive(_ head: RequestHead) -> Reception {
    var exchange = Exchange(head)
    do throws(EventoError) {
      return try receive(head, &exchange)
    } catch {
      // RFC 9110 §15.5.6: `Allow` goes with every 405.
      let allow = error.code == .methodNotAllowed ? exchange.route?.allow : nil
      return .respond(.response(finish(exchange, .problem(error, allow.map { [("Allow", $0)] } ?? []), error)))
    }
  }

  package func response(to request: RejectedRequest) -> Response {
    let cause = request.error
    let error = EventoError(cause.code, cause.advice.map { "\(cause.detail) \($0)" } ?? cause.detail)
    // RFC 9110 §15.5.6: all methods of the gateway, if the target has no route.
    let allow = error.code == .methodNotAllowed ? [("Allow", router.methods.joined(separator: ", "))] : []
    var exchange = Exchange(request)
    if request.duration != nil, let head = request.head { exchange.route = try? router.find(head.path).route }
    // Only the gateway's own errors, not those of a request that it can't accept.
    if [.unavailable, .internal].contains(error.code) { failures.add(error, exchange) }
    return finish(exchange, .problem(error, allow), error, to: request.fields)
  }

  private func receive(_ head: RequestHead, _ exchange: inout Exchange) throws(EventoError) -> Reception {
    if head.method == "OPTIONS", head.path == "*" {
      try originPolicy.check(head, scheme: { trustedProxies.client(of: head).scheme })
      return .respond(.response(finish(exchange, .noContent())))
    }
    let (route, pathParameters) = try router.find(head.path)
    exchange.route = route
    let operation = route.operation(head.method)
    guard operation != nil || head.method == "OPTIONS" else {
      throw EventoError(.methodNotAllowed, "Method \(head.method) is not allowed here. Allowed: \(route.allow).")
    }
    try originPolicy.check(head, scheme: { trustedProxies.client(of: head).scheme })
    guard let operation else {
      let fields = [("Allow", route.allow)] + originPolicy.preflightFields(head, allow: route.allow)
      return .respond(.response(finish(exchange, .noContent(fields))))
    }
    if let role = operation.role {
      exchange.token = try access.token(of: head)
      try AccessControl.check(exchange.token, needs: role)
    }
    exchange.dependsOnEncoding = operation.isCompressible && compressor != nil
    let request = GatewayRequest(head: head, pathParameters: pathParameters, token: exchange.token)
    guard operation.takesBody else { return .respond(respond(to: request, operation, exchange)) }
    try MediaType.check(head.headers)
    // Checked before the body is read, so that the body of a refused request need not be sent.
    if operation.countsInFlight { try admission.checkRequest() }
    return .readBody(limit: configuration.bodyBytes) { [self, exchange] body in
      var request = request
      request.body = body
      return respond(to: request, operation, exchange)
    }
  }
}

extension HTTPProtocolError {
  /// The advice that only the gateway can give, because the server is independent of the API.
  fileprivate var advice: String? {
    guard kind == .handlerTimeout else { return nil }
    return "The request may still take effect. To find out, send it again, with the same ids for events."
  }

  /// The error code: docs/http-api.md §10.2.
  fileprivate var code: EventoError.Code {
    switch kind {
    case .badRequest: .invalidRequest
    case .methodNotAllowed: .methodNotAllowed
    case .requestTimeout: .requestTimeout
    case .contentTooLarge: .contentTooLarge
    case .uriTooLong: .uriTooLong
    case .expectationFailed: .expectationFailed
    case .headersTooLarge: .headersTooLarge
    case .invalidResponse: .internal
    case .notImplemented: .notImplemented
    case .handlerTimeout, .overloaded: .unavailable
    case .versionNotSupported: .httpVersionNotSupported
    }
  }
}
