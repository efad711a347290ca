internal import Evento
internal import EventoWire

/// What a ``Gateway`` allows. The defaults are those of the contract.
public struct GatewayConfiguration: Sendable {
  /// Who may use it; `nil`: everybody, for everything.
  public var tokens: TokenSet?
  /// Bytes of a request's body.
  public var bodyBytes = 16 << 20
  /// Bytes of one payload.
  public var payloadBytes = Payload.defaultLimit
  /// Bytes of one event's metadata.
  public var metadataBytes = Metadata.defaultLimit
  /// Events of one write.
  public var eventsPerWrite = WireLimits.defaultEventsPerWrite
  /// Requests that are worked on at once; past it the answer is 503. Probes don't count.
  public var requestsInFlight = 4096
  /// Where in the site's paths the gateway stands, e.g. `/evento`; empty: at the root.
  public var basePath = ""

  public init() {}

  var wireLimits: WireLimits {
    var limits = WireLimits()
    limits.payloadBytes = payloadBytes
    limits.metadataBytes = metadataBytes
    limits.eventsPerWrite = eventsPerWrite
    return limits
  }
}
