internal import EventoWire

/// How a stream shows its events: followers that agree in it can share what they are sent.
struct StreamRendering: Hashable, Sendable {
  let format: StreamFormat
  let encoding: PayloadEncoding
}
