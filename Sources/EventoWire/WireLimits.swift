internal import Evento

/// How large the parts of a request may be.
package struct WireLimits: Sendable {
  /// Bytes of one payload.
  package var payloadBytes = Payload.defaultLimit
  /// Bytes of one event's metadata.
  package var metadataBytes = Metadata.defaultLimit
  /// Events of one write.
  package var eventsPerWrite = Self.defaultEventsPerWrite

  package static let defaultEventsPerWrite = 1000

  package init() {}

  /// For answers, whose size the transport has bounded already.
  package static let unlimited: WireLimits = {
    var limits = WireLimits()
    limits.payloadBytes = .max
    limits.metadataBytes = .max
    limits.eventsPerWrite = .max
    return limits
  }()
}
