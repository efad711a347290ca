internal import ByteCoding
package import Evento

/// The body of `POST /events`.
package struct WriteRequest: Sendable {
  package var events: [NewEvent]
  package var condition: WriteCondition?

  package init(events: [NewEvent], condition: WriteCondition? = nil) {
    self.events = events
    self.condition = condition
  }

  private enum Member: String, MemberName {
    case events
    case condition

    static let table = MemberTable<Member>()
  }

  private enum ConditionMember: String, MemberName {
    case failIfEventsMatch = "fail_if_events_match"
    case after

    static let table = MemberTable<ConditionMember>()
  }

  // MARK: Decoding

  /// - Throws: `invalid_json`, `invalid_request`, `invalid_cursor`, `missing_data`, `content_too_large`.
  package init(json bytes: [UInt8], limits: WireLimits) throws(EventoError) {
    let request: WriteRequest = try JSONReader.read(bytes) { (reader) throws(EventoError) in
      var events: [NewEvent] = []
      var (count, condition): (Int?, WriteCondition?)
      let seen = try reader.object(Member.self) { (reader, member) throws(EventoError) in
        switch member {
        case .events:
          count = try reader.array { (reader, index) throws(EventoError) in
            guard index < limits.eventsPerWrite else { return try reader.skip() }
            if let event = try reader.newEvent(limits) { events.append(event) }
          }
        case .condition: condition = try Self.condition(&reader)
        }
      }
      guard let seen else { return nil }
      guard seen.contains(.events) else {
        reader.addError(Member.events, EventMember.required)
        return nil
      }
      if let count, count > limits.eventsPerWrite {
        reader.addError(
          Member.events, "has \(count) events, but the limit is \(limits.eventsPerWrite)")
      }
      guard reader.hasNoErrors else { return nil }
      if let index = NewEvent.indexOfMixedVersion(in: events) {
        reader.addError(at: "/events/\(index)/version", NewEvent.mixedVersionsDetail)
      }
      return WriteRequest(events: events, condition: condition)
    }
    if request.events.isEmpty { throw .missingData() }
    self = request
  }

  private static func condition(_ reader: inout JSONReader) throws(EventoError) -> WriteCondition? {
    var (filters, after): ([ReadAggregator]?, Cursor?)
    let seen = try reader.object(ConditionMember.self) { (reader, member) throws(EventoError) in
      switch member {
      case .failIfEventsMatch: filters = try reader.filters(atLeast: 1)
      case .after: after = try reader.cursor()
      }
    }
    guard let seen else { return nil }
    if !seen.contains(.failIfEventsMatch) { reader.addError(ConditionMember.failIfEventsMatch, EventMember.required) }
    return filters.map { WriteCondition(failIfEventsMatch: $0, after: after) }
  }

  // MARK: Encoding

  package var json: [UInt8] {
    var body = JSONWriter(capacity: events.reduce(64) { $0 + $1.data.bytes.count + $1.metadata.bytes.count + 256 })
    body.write(json: "{\"events\":[")
    for (index, event) in events.enumerated() {
      if index > 0 { body.write(json: ",") }
      body.write(event)
    }
    body.write(json: "]")
    if let condition {
      body.write(json: ",\"condition\":{\"fail_if_events_match\":")
      body.write(filters: condition.failIfEventsMatch)
      if let after = condition.after {
        body.write(json: ",\"after\":")
        body.write(cursor: after)
      }
      body.write(json: "}")
    }
    body.write(json: "}")
    return body.take()
  }
}

extension JSONReader {
  /// Reads an event to write: docs/http-api.md §2.1.
  mutating func newEvent(_ limits: WireLimits) throws(EventoError) -> NewEvent? {
    var event = NewEvent(aggregatorType: "", aggregatorID: "", name: "")
    var (seconds, subsecond): (Int64?, Int64?)
    let seen = try object(EventMember.self, in: EventMember.requestTable) { (reader, member) throws(EventoError) in
      switch member {
      case .erased: break  // The table does not have it.
      case .id: event.id = try reader.ulid()
      case .aggregatorType: event.aggregatorType = try reader.name() ?? ""
      case .aggregatorID: event.aggregatorID = try reader.name() ?? ""
      case .version:
        event.version = try reader.integer(in: 1...Int64(Event.maximumVersion)).map { Int($0) }
      case .name: event.name = try reader.name() ?? ""
      case .routingKey: event.routingKey = .value(try reader.null() ? nil : try reader.name())
      case .data: event.data = try reader.payload(limits)
      case .dataBase64: event.data = try reader.base64Payload(limits) ?? Payload()
      case .metadata: event.metadata = try reader.metadata(limits) ?? Metadata()
      case .timestamp: seconds = try reader.integer(in: Timestamp.secondsRange)
      case .timestampSubsecond: subsecond = try reader.integer(in: 0...999)
      }
    }
    guard let seen else { return nil }
    if !seen.contains(.aggregatorType) { addError(EventMember.aggregatorType, EventMember.required) }
    if !seen.contains(.aggregatorID) { addError(EventMember.aggregatorID, EventMember.required) }
    if !seen.contains(.name) { addError(EventMember.name, EventMember.required) }
    if seen.contains(.data), seen.contains(.dataBase64) { addError(EventMember.dataBase64, EventMember.bothPayloads) }
    if seen.contains(.timestampSubsecond), !seen.contains(.timestamp) {
      addError(EventMember.timestampSubsecond, "requires timestamp")
    }
    if let seconds { event.timestamp = Timestamp(seconds: seconds, subsecond: Int(subsecond ?? 0)) }
    return event
  }
}

extension JSONWriter {
  mutating func write(_ event: NewEvent) {
    write(json: "{")
    if let id = event.id {
      write(json: "\"id\":")
      write(plainString: id.description)
      write(json: ",")
    }
    write(json: "\"aggregator_type\":")
    write(string: event.aggregatorType)
    write(json: ",\"aggregator_id\":")
    write(string: event.aggregatorID)
    if let version = event.version {
      write(json: ",\"version\":")
      write(integer: Int64(version))
    }
    write(json: ",\"name\":")
    write(string: event.name)
    if case .value(let key) = event.routingKey {
      write(json: ",\"routing_key\":")
      write(stringOrNull: key)
    }
    write(json: ",")
    write(payloadMember: event.data, .auto)
    write(json: ",\"metadata\":")
    write(json: event.metadata.bytes)
    if let timestamp = event.timestamp { write(timestampMembers: timestamp) }
    write(json: "}")
  }
}
