internal import Evento
internal import EventoWire
internal import HTTPServer
internal import Synchronization

/// What keeps the pages of other sites, which a browser would let send requests in its user's name, from using the
/// gateway: docs/http-api.md §9.2 and §9.3.
final class BrowserRules: Sendable {
  private let allowedOrigins: Set<WebOrigin>
  private let allowedHosts: Set<HostName>
  private let hosts: HostRule
  /// The last `Host` that was taken: nearly every request has the same.
  private let lastHost = Mutex("")

  /// - Parameters:
  ///   - allowedOrigins: of pages that may use the gateway.
  ///   - allowedHosts: names that the gateway is known by, beside those of this machine.
  ///   - hosts: which other values of `Host` are served.
  init(allowedOrigins: Set<WebOrigin>, allowedHosts: Set<HostName>, hosts: HostRule) {
    self.allowedOrigins = allowedOrigins
    self.allowedHosts = allowedHosts
    self.hosts = hosts
  }

  /// - Parameter scheme: by which the request came; asked for only where it matters.
  /// - Throws: `misdirected_request`, `forbidden`.
  func check(_ head: RequestHead, scheme: () -> String) throws(EventoError) {
    try checkHost(head)
    try checkOrigin(head, scheme)
  }

  /// What is not sent by a page, but by a program on the same machine through a Unix socket, may name what it wants.
  private func checkHost(_ head: RequestHead) throws(EventoError) {
    guard hosts != .any, let host = head.host, head.peer != .unix else { return }
    if lastHost.withLock({ $0 == host }) { return }
    let name = Authority(host)?.name
    if let name, name.isLoopback || hosts == .addresses && name.isAddress || allowedHosts.contains(name) {
      lastHost.withLock { $0 = host }
      return
    }
    let accepted = hosts == .addresses ? "IP addresses, localhost" : "localhost"
    throw EventoError(
      .misdirectedRequest,
      "Host \"\((name?.text ?? host).clipped(to: 255))\" is not allowed. Without tokens, this gateway accepts only "
        + "\(accepted) and the names set with --allowed-host.")
  }

  private func checkOrigin(_ head: RequestHead, _ scheme: () -> String) throws(EventoError) {
    let origins = head.headers.values(of: "origin")
    guard !origins.isEmpty else { return }
    if origins.count == 1, let origin = WebOrigin(origins[0]) {
      if allowedOrigins.contains(origin) { return }
      let scheme = scheme()
      if let host = head.host, let own = Authority(host, defaultPort: Authority.defaultPort(of: scheme)),
        origin == WebOrigin(scheme: scheme, authority: own)
      {
        return
      }
    }
    // One is what browsers send.
    let quoted = origins.count == 1 ? origins[0] : "\(origins[0]), …"
    throw EventoError(
      .forbidden,
      "Pages of the origin \"\(quoted.clipped(to: 255))\" may not use this gateway. Its operator can allow them with "
        + "--allowed-origin.")
  }

  /// What an answer tells the browser about a page's right to see it (https://fetch.spec.whatwg.org/#http-cors-protocol):
  /// nothing, unless its origin was named.
  func responseFields(_ fields: @autoclosure () -> Headers) -> [(String, String)] {
    guard !allowedOrigins.isEmpty else { return [] }
    let origin = fields()["origin"]
    // A cache must not give one origin what was for another.
    let vary = ("Vary", "Origin")
    guard let origin, WebOrigin(origin).map(allowedOrigins.contains) == true else { return [vary] }
    return [
      vary, ("Access-Control-Allow-Origin", origin),
      ("Access-Control-Expose-Headers", "Allow, Location, Retry-After, WWW-Authenticate, X-Request-Id"),
    ]
  }

  /// What the answer to a preflight says beside: which methods and fields a page may send, and for how long that holds.
  func preflightFields(_ head: RequestHead, allow: String) -> [(String, String)] {
    guard head.headers["access-control-request-method"] != nil,
      head.headers["origin"].flatMap({ WebOrigin($0) }).map(allowedOrigins.contains) == true
    else { return [] }
    return [
      ("Access-Control-Allow-Methods", allow),
      ("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID, X-Request-Id"),
      ("Access-Control-Max-Age", "600"),
    ]
  }
}
