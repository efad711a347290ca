internal import ByteCoding
package import Evento

/// The response to `POST /events`, also for a resend.
package enum WriteResponse {
  package static func json(_ events: [WrittenEvent]) -> [UInt8] {
    var body = JSONWriter(capacity: events.count * 320 + 16)
    body.write(json: "{\"events\":[")
    for index in events.indices {
      if index > 0 { body.write(json: ",") }
      body.write(events.span[index])
    }
    body.write(json: "]}\n")
    return body.take()
  }

  /// - Throws: An error if it is not a gateway's response.
  package static func events(json bytes: [UInt8]) throws(EventoError) -> [WrittenEvent] {
    try JSONReader.read(bytes, unknownMembers: .skipped) { (reader) throws(EventoError) in
      var events: [WrittenEvent] = []
      let seen = try reader.object(Member.self) { (reader, _) throws(EventoError) in
        _ = try reader.array { (reader, _) throws(EventoError) in
          if let event = try reader.writtenEvent() { events.append(event) }
        }
      }
      if let seen, !seen.contains(.events) { reader.addError(Member.events, EventMember.required) }
      return events
    }
  }

  private enum Member: String, MemberName {
    case events
    static let table = MemberTable<Member>()
  }
}

private enum WrittenMember: String, MemberName {
  case id
  case aggregatorType = "aggregator_type"
  case aggregatorID = "aggregator_id"
  case version
  case routingKey = "routing_key"
  case timestamp
  case timestampSubsecond = "timestamp_subsec"
  case cursor

  static let table = MemberTable<WrittenMember>()
}

extension JSONWriter {
  fileprivate mutating func write(_ event: WrittenEvent) {
    write(json: "{\"id\":")
    write(ulid: event.id)
    write(json: ",\"aggregator_type\":")
    write(string: event.aggregatorType)
    write(json: ",\"aggregator_id\":")
    write(string: event.aggregatorID)
    write(json: ",\"version\":")
    write(integer: Int64(event.version))
    write(json: ",\"routing_key\":")
    write(stringOrNull: event.routingKey)
    write(timestampMembers: event.timestamp)
    write(json: ",\"cursor\":")
    write(cursor: event.cursor)
    write(json: "}")
  }
}

extension JSONReader {
  fileprivate mutating func writtenEvent() throws(EventoError) -> WrittenEvent? {
    var (id, version, cursor): (ULID?, Int64?, Cursor?)
    var (type, aggregate, routingKey): (String?, String?, String?)
    var (seconds, subsecond): (Int64?, Int64?)
    let seen = try object(WrittenMember.self) { (reader, member) throws(EventoError) in
      switch member {
      case .id: id = try reader.ulid()
      case .aggregatorType: type = try reader.string()
      case .aggregatorID: aggregate = try reader.string()
      case .version: version = try reader.integer(in: 1...Int64(Event.maximumVersion))
      case .routingKey: routingKey = try reader.null() ? nil : try reader.string()
      case .timestamp: seconds = try reader.integer(in: Timestamp.secondsRange)
      case .timestampSubsecond: subsecond = try reader.integer(in: 0...999)
      case .cursor: cursor = try reader.cursor()
      }
    }
    guard let seen else { return nil }
    for member in WrittenMember.allCases where !seen.contains(member) { addError(member, EventMember.required) }
    guard let id, let type, let aggregate, let version, let seconds, let subsecond, let cursor else { return nil }
    return WrittenEvent(
      id: id, aggregatorType: type, aggregatorID: aggregate, version: Int(version), routingKey: routingKey,
      timestamp: Timestamp(seconds: seconds, subsecond: Int(subsecond)), cursor: cursor)
  }
}
