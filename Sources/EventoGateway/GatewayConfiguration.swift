internal import Evento
internal import EventoWire
package import HTTPServer

/// What a ``Gateway`` allows. The defaults are those of docs/http-api.md §11.
public struct GatewayConfiguration: Sendable {
  /// What `/metrics` says that it is.
  public var version = "unknown"
  /// Who may use it; `nil`: everybody, for everything.
  public var tokens: TokenSet?
  /// Origins of web pages that may use the gateway, beside its own, as browsers write them: `https://app.example.org`.
  public var allowedOrigins: [WebOrigin] = []
  /// Names of hosts that the gateway is known by, beside those of ``hosts``.
  public var allowedHosts: [HostName] = []
  /// Which values of `Host` are served. Without tokens it must not be any: docs/http-api.md §9.3.
  public var hosts = HostRule.any
  /// Proxies whose word is taken for who sent a request and by which scheme.
  package var trustedProxies: [AddressRange] = []
  /// Bytes of a request's body.
  public var bodyBytes = 16 << 20
  /// Bytes of one payload.
  public var payloadBytes = Payload.defaultLimit
  /// Bytes of one event's metadata.
  public var metadataBytes = Metadata.defaultLimit
  /// Events of one write.
  public var eventsPerWrite = WireLimits.defaultEventsPerWrite
  /// Bytes of one page's answer. A single event that is larger comes alone.
  public var pageBytes = 8 << 20
  /// Requests that are worked on at once; past it the answer is 503. Probes don't count.
  public var requestsInFlight = 4096
  /// Where in the site's paths the gateway stands, e.g. `/evento`; empty: at the root.
  public var basePath = ""
  /// Streams and reads that wait for events, together; past it the answer is 503.
  public var followers = 4096
  /// Bytes of the filters of all streams and reads that wait for events: their texts, and 256 for each aggregator. Equal
  /// filters of several count once. Past it the answer is 503.
  public var totalFilterBytes = 64 << 20
  /// How long a read with `wait` is held at most, whatever it asks for. Past it the empty page is the answer, so that a
  /// server whose deadline for a handler is shorter than a client's `wait` need not refuse it.
  public var longestWait = Duration.seconds(60)
  /// How long a stream may be silent before it says that it is alive; at most 15 s.
  public var heartbeat = Duration.seconds(10)
  /// For how long failures of one kind are one line in the log and a count.
  var failureInterval = Duration.seconds(10)

  public init() {}

  var wireLimits: WireLimits {
    var limits = WireLimits()
    limits.payloadBytes = payloadBytes
    limits.metadataBytes = metadataBytes
    limits.eventsPerWrite = eventsPerWrite
    return limits
  }
}
