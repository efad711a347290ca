internal import Evento

/// The size limits for the parts of a request.
package struct WireLimits: Sendable {
  /// The maximum size of a payload, in bytes.
  package var payloadBytes = Payload.defaultLimit
  /// The maximum size of an event's metadata, in bytes.
  package var metadataBytes = Metadata.defaultLimit
  /// The maximum number of events in a write.
  package var eventsPerWrite = Self.defaultEventsPerWrite

  package static let defaultEventsPerWrite = 1000

  package init() {}

  /// No limits, for responses: the transport has limited their size.
  package static let unlimited: WireLimits = {
    var limits = WireLimits()
    limits.payloadBytes = .max
    limits.metadataBytes = .max
    limits.eventsPerWrite = .max
    return limits
  }()
}
