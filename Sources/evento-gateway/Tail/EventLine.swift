internal import ByteCoding
internal import Evento
internal import EventoWire

/// An event as a line of text.
struct EventLine {
  let edge: Edge<Event>

  init(_ edge: Edge<Event>) {
    self.edge = edge
  }

  func text(asJSON: Bool) -> [UInt8] {
    asJSON ? StreamFormat.ndjson.line(edge, .auto) : Array(readable.utf8) + [UInt8(ascii: "\n")]
  }

  /// Time, type and id, version, name, payload.
  private var readable: String {
    let event = edge.node
    let payload =
      event.isErased ? "(erased)" : event.data.text.map(Self.beginning) ?? "(\(event.data.bytes.count) bytes)"
    return PrintableText.escaped(
      "\(event.timestamp.rfc3339)  \(event.aggregatorType)/\(event.aggregatorID)  v\(event.version)  \(event.name)  \(payload)"
    )
  }

  /// The beginning of a payload, up to a line or two.
  private static func beginning(of payload: String) -> String {
    let beginning = payload.unicodeScalars.prefix(120)
    return String(beginning) + (beginning.endIndex < payload.unicodeScalars.endIndex ? "…" : "")
  }
}
