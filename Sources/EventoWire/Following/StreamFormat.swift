package import ByteCoding
package import Evento

/// The format of a stream, one event per line.
package enum StreamFormat: Sendable, Hashable, CaseIterable {
  /// Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
  case eventStream
  /// One JSON object per line.
  case ndjson

  package var mediaType: String {
    switch self {
    case .eventStream: "text/event-stream"
    case .ndjson: "application/x-ndjson"
    }
  }

  /// The value of `Content-Type`.
  ///
  /// Server-Sent Events are UTF-8, which the media type may name. A client that decodes `text` without a charset as ISO
  /// 8859-1, like Python's requests, would find U+0085, which ends a line, in `Å` and many other characters.
  package var contentType: String {
    switch self {
    case .eventStream: mediaType + "; charset=utf-8"
    case .ndjson: mediaType
    }
  }

  /// The first lines: the delay before a browser reconnects, in milliseconds.
  package var opening: [UInt8] {
    switch self {
    case .eventStream: Array("retry: 2000\n\n".utf8)
    case .ndjson: []
    }
  }

  /// Returns the line of an event.
  package func line(_ edge: Edge<Event>, _ encoding: PayloadEncoding) -> [UInt8] {
    var line = JSONWriter(capacity: 0)
    edge.withView { append($0, encoding, to: &line) }
    return line.take()
  }

  /// Appends the line of an event.
  package func append(_ event: borrowing EventView, _ encoding: PayloadEncoding, to lines: inout JSONWriter) {
    // A line end in a payload would end the line, and payloads are never changed.
    let isOneLine = !encoding.keeps(isJSON: event.isJSON) || LineEnd.first(in: event.data, event.data.indices) == nil
    let encoding = isOneLine ? encoding : .base64
    // Names and metadata get escapes. An escape has at most three times as many bytes.
    let hasLineEnds = event.hasLineEnds
    let escapes = hasLineEnds ? 2 * JSONRoom.longest(textsOf: event) : 0
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
      if hasLineEnds { room.makeOneLine(from: start) }
      room.put(json: self == .eventStream ? "}\n\n" : "}\n")
    }
  }

  /// Returns a heartbeat with the position up to which the log was read.
  ///
  /// - Parameter position: `nil` for an executor that returns no cursor for an empty log. The heartbeat is then only a
  ///   comment, or nothing if the format has no comments.
  package func heartbeat(_ position: Cursor?) -> [UInt8] {
    switch self {
    case .eventStream: Array((position.map { ": heartbeat\nid: \($0)\n\n" } ?? ": heartbeat\n\n").utf8)
    case .ndjson: Array((position.map { "{\"type\":\"heartbeat\",\"cursor\":\"\($0)\"}\n" } ?? "").utf8)
    }
  }
}

extension EventView {
  /// True if one of the texts of the event, other than the payload, has a character that ends a line. Identifiers and
  /// numbers have none.
  fileprivate var hasLineEnds: Bool {
    // The shortest metadata, {}, is the most frequent.
    if metadata.count > 2, LineEnd.first(in: metadata, metadata.indices) != nil { return true }
    if aggregatorID.hasLineEnds { return true }
    return names.hasLineEnds
  }
}

extension String {
  fileprivate var hasLineEnds: Bool {
    func hasLineEnds(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
      LineEnd.first(in: UnsafeRawBufferPointer(text), text.indices) != nil
    }
    // Nearly all strings are contiguous, and need no copy.
    if let result = utf8.withContiguousStorageIfAvailable(hasLineEnds) { return result }
    var copy = self
    return copy.withUTF8(hasLineEnds)
  }
}

/// A line of a stream of JSON objects.
package enum StreamLine: Sendable {
  case event(Edge<Event>)
  case heartbeat(Cursor)
  /// A type of line that only a newer gateway sends.
  case other

  private enum Member: String, MemberName {
    case type
    case cursor
    case node
    static let table = MemberTable<Member>()
  }

  /// - Throws: An error if it is not a line of a gateway's stream.
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
        reader.addError("must have type, cursor and node")
        return nil
      default: return .other
      }
    }
  }
}
