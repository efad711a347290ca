package import ByteCoding
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

  /// The value of `Content-Type`.
  ///
  /// Server-Sent Events are UTF-8 and may say so. A client that takes `text` of no named charset for ISO 8859-1, as
  /// Python's requests does, would find U+0085, which ends a line, in `Å` and many other characters.
  package var contentType: String {
    switch self {
    case .eventStream: mediaType + "; charset=utf-8"
    case .ndjson: mediaType
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
  package func line(_ edge: Edge<Event>, _ encoding: PayloadEncoding) -> [UInt8] {
    var line = JSONWriter(capacity: 0)
    edge.withView { append($0, encoding, to: &line) }
    return line.take()
  }

  /// An event at its place.
  package func append(_ event: borrowing EventView, _ encoding: PayloadEncoding, to lines: inout JSONWriter) {
    // A line end in a payload would end the line, and a payload is never changed.
    let isOneLine = !encoding.keeps(isJSON: event.isJSON) || LineEnd.first(in: event.data, event.data.indices) == nil
    let encoding = isOneLine ? encoding : .base64
    // An escape has three times as many bytes at most. For those of the names there is room already.
    let hasLineEnds = LineEnd.first(in: event.metadata, event.metadata.indices) != nil
    let escapes = hasLineEnds ? 2 * event.metadata.count : 0
    lines.write(upTo: 80 + event.cursor.count + JSONRoom.longest(edge: event, encoding) + escapes) { room in
      switch self {
      case .eventStream:
        room.put(json: "id: ")
        room.put(json: event.cursor)
        room.put(json: "\nevent: event\ndata: {")
      case .ndjson: room.put(json: "{\"type\":\"event\",")
      }
      room.put(json: "\"cursor\":")
      room.put(plainString: event.cursor)
      room.put(json: ",\"node\":")
      let start = room.count
      room.put(event, encoding)
      room.makeOneLine(from: start)
      room.put(json: self == .eventStream ? "}\n\n" : "}\n")
    }
  }

  /// Shows that the stream is alive, and up to where the log has been read.
  ///
  /// - Parameter place: `nil` for an executor that gives no cursor for an empty log. Then there is a comment alone, or
  ///   nothing where there are none.
  package func heartbeat(_ place: Cursor?) -> [UInt8] {
    switch self {
    case .eventStream: Array((place.map { ": heartbeat\nid: \($0)\n\n" } ?? ": heartbeat\n\n").utf8)
    case .ndjson: Array((place.map { "{\"type\":\"heartbeat\",\"cursor\":\"\($0)\"}\n" } ?? "").utf8)
    }
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
