internal import Evento
internal import EventoWire
internal import Foundation

/// An event as a line of text.
struct EventLine {
  let edge: Edge<Event>

  init(_ edge: Edge<Event>) {
    self.edge = edge
  }

  func text(asJSON: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    if asJSON {
      StreamFormat.ndjson.append(edge, .auto, to: &bytes)
    } else {
      bytes += Array(readable.utf8) + [UInt8(ascii: "\n")]
    }
    return bytes
  }

  /// Time, type and id, version, name, payload.
  private var readable: String {
    let event = edge.node
    let time = Date(timeIntervalSince1970: Double(event.timestamp.milliseconds) / 1000)
      .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    let payload = event.data.text.map { Self.plain($0, 120) } ?? "(\(event.data.bytes.count) bytes)"
    return "\(time)  \(Self.plain(event.aggregatorType))/\(Self.plain(event.aggregatorID))"
      + "  v\(event.version)  \(Self.plain(event.name))  \(payload)"
  }

  /// Without what could steer a terminal, or break the line: control characters, those of C1 too, line and paragraph
  /// separators and what turns the direction of writing.
  private static func plain(_ text: String, _ limit: Int = .max) -> String {
    var plain = ""
    var count = 0
    for scalar in text.unicodeScalars {
      guard count < limit else { return plain + "…" }
      count += 1
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .surrogate, .privateUse:
        plain.append("·")
      default: plain.unicodeScalars.append(scalar)
      }
    }
    return plain
  }
}
