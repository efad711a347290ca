internal import Evento
internal import EventoWire
internal import HTTPServer
internal import Synchronization

/// The rules that keep pages of other sites, which a browser would let send requests in its user's name, from using the
/// gateway: docs/http-api.md §9.2 and §9.3.
final class OriginPolicy: Sendable {
  private let allowedOrigins: Set<WebOrigin>
  private let allowedHosts: Set<HostName>
  private let hosts: HostRule
  /// The last `Host` that was accepted: nearly every request has the same.
  private let lastHost = Mutex("")

  /// - Parameters:
  ///   - allowedOrigins: The origins of pages that may use the gateway.
  ///   - allowedHosts: The names of the gateway, in addition to those of this machine.
  ///   - hosts: The rule for other values of `Host`.
  init(allowedOrigins: Set<WebOrigin>, allowedHosts: Set<HostName>, hosts: HostRule) {
    self.allowedOrigins = allowedOrigins
    self.allowedHosts = allowedHosts
    self.hosts = hosts
  }

  /// - Parameter scheme: Returns the scheme of the request; only called if it matters.
  /// - Throws: `misdirected_request`, `forbidden`.
  func check(_ head: RequestHead, scheme: () -> String) throws(EventoError) {
    try checkHost(head)
    try checkOrigin(head, scheme)
  }

  /// Checks `Host`. A request that comes from a program on the same machine through a Unix socket, and not from a page,
  /// can name any host.
  private func checkHost(_ head: RequestHead) throws(EventoError) {
    guard hosts != .any, let host = head.host, head.peer != .unix else { return }
    if lastHost.withLock({ $0 == host }) { return }
    let name = HostAndPort(host)?.name
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
      if let host = head.host, let own = HostAndPort(host, defaultPort: HostAndPort.defaultPort(of: scheme)),
        origin == WebOrigin(scheme: scheme, authority: own)
      {
        return
      }
    }
    // Browsers send only one.
    let quoted = origins.count == 1 ? origins[0] : "\(origins[0]), …"
    throw EventoError(
      .forbidden,
      "Pages of the origin \"\(quoted.clipped(to: 255))\" may not use this gateway. Its operator can allow them with "
        + "--allowed-origin.")
  }

  /// Returns the response fields that let a page see the response (https://fetch.spec.whatwg.org/#http-cors-protocol):
  /// none, unless its origin is allowed.
  func responseFields(_ fields: @autoclosure () -> Headers) -> [(String, String)] {
    guard !allowedOrigins.isEmpty else { return [] }
    let origin = fields()["origin"]
    // A cache must not give the response for one origin to another.
    let vary = ("Vary", "Origin")
    guard let origin, WebOrigin(origin).map(allowedOrigins.contains) == true else { return [vary] }
    return [
      vary, ("Access-Control-Allow-Origin", origin),
      ("Access-Control-Expose-Headers", "Allow, Location, Retry-After, WWW-Authenticate, X-Request-Id"),
    ]
  }

  /// Returns the further fields of the response to a preflight: the methods and fields that a page may send, and how
  /// long this is valid.
  func preflightFields(_ head: RequestHead, allow: String) -> [(String, String)] {
    guard head.headers["access-control-request-method"] != nil,
      head.headers["origin"].flatMap({ WebOrigin($0) }).map(allowedOrigins.contains) == true
    else { return [] }
    return [
      ("Access-Control-Allow-Methods", allow),
      ("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID, Traceparent, X-Request-Id"),
      ("Access-Control-Max-Age", "600"),
    ]
  }
}

/// The rule for the values of `Host` that a gateway accepts.
///
/// If an attacker's name server points a page's own name to the gateway, the browser takes both for the same origin
/// (DNS rebinding). So without tokens, a name must be one of the gateway's own. An address can't be redirected.
package enum HostRule: Sendable {
  case any
  /// The names and addresses of the machine itself.
  case loopback
  /// The names of the machine itself, and all IP addresses.
  case addresses
}
