package import ByteCoding
package import Evento

/// A line of an export between its header and its end: docs/export-format.md.
package enum ExportLine: Sendable {
  /// An event, as a line of a stream.
  case event(Edge<Event>)
  /// A subscriber, and the event that it has acknowledged last; `nil` at the beginning.
  case subscriber(Subscriber, event: ULID?)
  /// A snapshot, and the last event that is in it; `nil` at the beginning.
  case snapshot(SnapshotKey, Snapshot, event: ULID?)
}

// MARK: Encoding

extension ExportLine {
  /// Appends the line, with its end.
  package func append(to lines: inout JSONWriter) {
    switch self {
    case .event(let edge): Self.append(edge, to: &lines)
    case .subscriber(let subscriber, let event):
      lines.write(json: "{\"type\":\"subscriber\",\"event_id\":")
      lines.write(ulidOrNull: event)
      lines.write(json: ",\"node\":")
      lines.write(subscriber)
      lines.write(json: "}\n")
    case .snapshot(let key, let snapshot, let event):
      lines.write(json: "{\"type\":\"snapshot\",\"event_id\":")
      lines.write(ulidOrNull: event)
      lines.write(json: ",\"node\":{\"type\":")
      lines.write(string: key.type)
      lines.write(json: ",\"revision\":")
      lines.write(string: key.revision)
      lines.write(json: ",\"id\":")
      lines.write(string: key.id)
      lines.write(json: ",\"cursor\":")
      lines.write(cursor: snapshot.cursor)
      lines.write(json: ",")
      lines.write(payloadMember: snapshot.data, Self.hasLineEnd(snapshot.data.bytes) ? .base64 : .auto)
      lines.write(json: "}}\n")
    }
  }

  /// A stream's line has its payload's bytes, but puts metadata on one line. So metadata with line ends has its bytes in
  /// a member of its own.
  private static func append(_ edge: Edge<Event>, to lines: inout JSONWriter) {
    edge.withView { StreamFormat.ndjson.append($0, .auto, to: &lines) }
    let metadata = edge.node.metadata
    guard !metadata.isEmpty, hasLineEnd(metadata.bytes) else { return }
    lines.cut(to: lines.count - "}\n".utf8.count)
    lines.write(json: ",\"metadata_base64\":")
    lines.write(plainString: Base64.standard.encode(metadata.bytes))
    lines.write(json: "}\n")
  }

  private static func hasLineEnd(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { LineEnd.first(in: $0, $0.indices) != nil }
  }
}

extension JSONWriter {
  fileprivate mutating func write(ulidOrNull ulid: ULID?) {
    if let ulid { write(ulid: ulid) } else { write(json: "null") }
  }
}

// MARK: Decoding

extension ExportLine {
  private enum Member: String, MemberName {
    case type
    case cursor
    case eventID = "event_id"
    case node
    case metadata = "metadata_base64"
    static let table = MemberTable<Member>()
  }

  private enum Kind: String {
    case event
    case subscriber
    case snapshot
  }

  /// The value of the member `node`.
  private enum Node {
    case event(Event)
    case subscriber(Subscriber)
    case snapshot(SnapshotKey, Snapshot)
  }

  /// - Throws: An error if it is not a line of an export.
  package init(json bytes: [UInt8]) throws(EventoError) {
    self = try JSONReader.read(bytes) { (reader) throws(EventoError) in
      var kind: Kind?
      var (cursor, eventID, metadata): (Cursor?, ULID?, [UInt8]?)
      var node: Node?
      let seen = try reader.object(Member.self) { (reader, member) throws(EventoError) in
        switch member {
        case .type: kind = try reader.string().flatMap { Kind(rawValue: $0) }
        case .cursor: cursor = try reader.cursor()
        case .eventID: eventID = try reader.null() ? nil : try reader.ulid()
        case .metadata: metadata = try reader.base64("The metadata", limit: .max)
        case .node:
          switch kind {
          case .event: node = try reader.event().map(Node.event)
          case .subscriber: node = try reader.subscriber().map(Node.subscriber)
          case .snapshot: node = try reader.exportedSnapshot().map { Node.snapshot($0.key, $0.snapshot) }
          case nil: try reader.skip()
          }
        }
      }
      guard let seen else { return nil }
      guard let kind else {
        reader.addError(Member.type, "must be event, subscriber or snapshot, and come first")
        return nil
      }
      let required: [Member] = kind == .event ? [.cursor, .node] : [.eventID, .node]
      for member in required where !seen.contains(member) { reader.addError(member, EventMember.required) }
      switch node {
      case .event(let event):
        guard let cursor else { return nil }
        return .event(Edge(cursor: cursor, node: try event.withMetadata(metadata)))
      case .subscriber(let subscriber): return .subscriber(subscriber, event: eventID)
      case .snapshot(let key, let snapshot): return .snapshot(key, snapshot, event: eventID)
      case nil: return nil
      }
    }
  }
}

extension Event {
  /// Returns the event with the exact bytes of its metadata, if they are not those of the line.
  fileprivate func withMetadata(_ bytes: [UInt8]?) throws(EventoError) -> Event {
    guard let bytes else { return self }
    guard let text = String(validating: bytes, as: UTF8.self), let exact = try? Metadata(json: text),
      exact.bytes == bytes
    else { throw EventoError(.invalidRequest, "The member metadata_base64 is not a JSON object.") }
    return Event(
      id: id, aggregatorType: aggregatorType, aggregatorID: aggregatorID, version: version, name: name,
      routingKey: routingKey, data: data, metadata: exact, timestamp: timestamp, isErased: isErased)
  }
}

private enum SnapshotNodeMember: String, MemberName {
  case type
  case revision
  case id
  case cursor
  case data
  case dataBase64 = "data_base64"
  static let table = MemberTable<SnapshotNodeMember>()
}

extension JSONReader {
  fileprivate mutating func exportedSnapshot() throws(EventoError) -> (key: SnapshotKey, snapshot: Snapshot)? {
    var (type, revision, id): (String?, String?, String?)
    var (cursor, data): (Cursor?, Payload?)
    let seen = try object(SnapshotNodeMember.self) { (reader, member) throws(EventoError) in
      switch member {
      case .type: type = try reader.name()
      case .revision: revision = try reader.name()
      case .id: id = try reader.name()
      case .cursor: cursor = try reader.cursor()
      case .data: data = try reader.payload(.unlimited)
      case .dataBase64: data = try reader.base64Payload(.unlimited)
      }
    }
    guard let seen else { return nil }
    for member in SnapshotNodeMember.allCases
    where !seen.contains(member) && (member != .data && member != .dataBase64 || data == nil) {
      addError(member, EventMember.required)
    }
    guard let type, let revision, let id, let cursor, let data else { return nil }
    return (SnapshotKey(type: type, revision: revision, id: id), Snapshot(data: data, cursor: cursor))
  }
}

/// Reads lines of an export. Use one for consecutive lines: see ``EventDecoder``.
package struct ExportLineDecoder: Sendable {
  private var events = EventDecoder()

  package init() {}

  /// - Parameter range: The line in the bytes, without its end.
  /// - Throws: An error if it is not a line of an export.
  package mutating func line(_ bytes: [UInt8], _ range: Range<Int>) throws(EventoError) -> ExportLine {
    if case .event(let edge)? = events.usualLine(bytes, range) { return .event(edge) }
    return try ExportLine(json: Array(bytes[range]))
  }
}
