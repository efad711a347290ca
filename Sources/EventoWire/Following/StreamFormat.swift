package import Evento

/// How a stream tells of events, one a line.
package enum StreamFormat: Sendable, Hashable, CaseIterable {
  /// Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
  case eventStream
  /// A JSON object a line.
  case ndjson

  package var mediaType: String {
    switch self {
    case .eventStream: "text/event-stream"
    case .ndjson: "application/x-ndjson"
    }
  }

  /// What comes before everything else: how long a browser waits before it connects again, in milliseconds.
  package var opening: [UInt8] {
    switch self {
    case .eventStream: Array("retry: 2000\n\n".utf8)
    case .ndjson: []
    }
  }

  /// An event at its place.
  package func append(_ edge: Edge<Event>, _ encoding: PayloadEncoding, to bytes: inout [UInt8]) {
    switch self {
    case .eventStream:
      bytes.append(json: "id: ")
      bytes.append(contentsOf: edge.cursor.description.utf8)
      bytes.append(json: "\nevent: event\ndata: {")
    case .ndjson: bytes.append(json: "{\"type\":\"event\",")
    }
    bytes.append(json: "\"cursor\":")
    bytes.append(cursor: edge.cursor)
    bytes.append(json: ",\"node\":")
    bytes.append(edge.node.onOneLine, edge.node.data.bytes.contains(where: isLineEnd) ? .base64 : encoding)
    bytes.append(json: self == .eventStream ? "}\n\n" : "}\n")
  }

  /// That the stream is alive, and up to where the log has been read.
  package func heartbeat(_ place: Cursor) -> [UInt8] {
    switch self {
    case .eventStream: Array(": heartbeat\nid: \(place)\n\n".utf8)
    case .ndjson: Array("{\"type\":\"heartbeat\",\"cursor\":\"\(place)\"}\n".utf8)
    }
  }
}

private func isLineEnd(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
}

extension Event {
  /// With spaces in the place of the line ends in its metadata, which stand between tokens: inside a JSON text's strings
  /// there are none.
  fileprivate var onOneLine: Event {
    guard metadata.bytes.contains(where: isLineEnd) else { return self }
    return Event(
      id: id, aggregatorType: aggregatorType, aggregatorID: aggregatorID, version: version, name: name,
      routingKey: routingKey, data: data,
      metadata: Metadata(checked: metadata.bytes.map { isLineEnd($0) ? UInt8(ascii: " ") : $0 }),
      timestamp: timestamp)
  }
}

/// A line of a stream of JSON objects.
package enum StreamLine: Sendable {
  case event(Edge<Event>)
  case heartbeat(Cursor)
  /// Of a newer gateway.
  case other

  private enum Member: String, MemberName {
    case type
    case cursor
    case node
    static let table = MemberTable<Member>()
  }

  /// - Throws: where it is not what a gateway sends.
  package init(json bytes: [UInt8]) throws(EventoError) {
    self = try JSONReader.read(bytes, unknownMembers: .skipped) { (reader) throws(EventoError) in
      var (type, cursor, node): (String?, Cursor?, Event?)
      let seen = try reader.object(Member.self) { (reader, member) throws(EventoError) in
        switch member {
        case .type: type = try reader.string()
        case .cursor: cursor = try reader.cursor()
        case .node: node = try reader.event()
        }
      }
      guard seen != nil else { return nil }
      switch (type, cursor, node) {
      case ("event", let cursor?, let node?): return .event(Edge(cursor: cursor, node: node))
      case ("heartbeat", let cursor?, _): return .heartbeat(cursor)
      case ("event", _, _), ("heartbeat", _, _), (nil, _, _):
        reader.fault("is not a line of a stream: it needs type, cursor and node")
        return nil
      default: return .other
      }
    }
  }
}
