internal import Evento
internal import EventoWire
package import HTTPServer

/// The limits and settings of a ``Gateway``. The defaults are those of docs/http-api.md §11.
package struct GatewayConfiguration: Sendable {
  /// The version in `/metrics`.
  package var version = "unknown"
  /// The tokens of the clients; `nil` gives every client every permission.
  package var tokens: TokenSet?
  /// Origins of web pages that may use the gateway, in addition to its own, as browsers write them:
  /// `https://app.example.org`.
  package var allowedOrigins: [WebOrigin] = []
  /// Host names of the gateway, in addition to those of ``hosts``.
  package var allowedHosts: [HostName] = []
  /// The rule for values of `Host`. Without tokens it must not be `any`: docs/http-api.md §9.3.
  package var hosts = HostRule.any
  /// Trusted proxies, which report the client and the scheme of a request.
  package var trustedProxies: [AddressRange] = []
  /// The maximum size of a request's body, in bytes.
  package var bodyBytes = 16 << 20
  /// The maximum size of one payload, in bytes.
  package var payloadBytes = Payload.defaultLimit
  /// The maximum size of one event's metadata, in bytes.
  package var metadataBytes = Metadata.defaultLimit
  /// The maximum number of events of one write.
  package var eventsPerWrite = WireLimits.defaultEventsPerWrite
  /// The maximum size of one page's response, in bytes. A larger event is returned alone.
  package var pageBytes = 8 << 20
  /// The maximum number of requests handled concurrently; above it the response is 503. Probes don't count.
  package var requestsInFlight = 4096
  /// The prefix of all paths, such as `/evento`; empty for none.
  package var basePath = ""
  /// The maximum number of streams and waiting reads together; above it the response is 503.
  package var followers = 4096
  /// The maximum size of the filters of all streams and waiting reads, in bytes: their texts, and 256 for each
  /// aggregator. Equal filters count once. Above it the response is 503.
  package var totalFilterBytes = 64 << 20
  /// The maximum time that a read with `wait` is held, even if it requests more. After that the response is the empty
  /// page, so that a server with a handler deadline shorter than a client's `wait` need not refuse it.
  package var longestWait = Duration.seconds(60)
  /// The time after which a silent stream sends a heartbeat; at most 15 s.
  package var heartbeat = Duration.seconds(10)
  /// The compression of responses for clients that ask for it.
  package var compression = Compression.auto
  /// The names or paths of zlib.
  package var zlibNames = Zlib.names
  /// The maximum number of subscribers with metrics of their own: those that are furthest behind.
  package var subscriberMetrics = 100
  /// Called with each request that is over, on an event loop's thread: it must not block. `nil` for no access log.
  package var accessLog: (@Sendable (AccessLogEntry) -> Void)?
  /// Returns the number of lines that the log has dropped, for `/metrics`; `nil` if it drops none.
  package var droppedLogLines: (@Sendable () -> Int)?
  /// True to add the member `traceparent` to the metadata of written events that have no id and no such member, if
  /// their request has a trace context.
  package var addsTraceParent = false
  /// The time for which errors of one kind are one line in the log and a count.
  var failureInterval = Duration.seconds(10)

  package init() {}

  /// The compression of responses.
  package enum Compression: String, CaseIterable, Sendable {
    /// gzip, if zlib is installed.
    case auto
    /// gzip. If zlib is missing, the log says so.
    case gzip
    /// None.
    case off
  }

  var wireLimits: WireLimits {
    var limits = WireLimits()
    limits.payloadBytes = payloadBytes
    limits.metadataBytes = metadataBytes
    limits.eventsPerWrite = eventsPerWrite
    return limits
  }
}
