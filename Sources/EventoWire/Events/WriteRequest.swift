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
        reader.fault(Member.events, EventMember.required)
        return nil
      }
      if let count, count > limits.eventsPerWrite {
        reader.fault(
          Member.events, "has \(count) events, but the limit is \(limits.eventsPerWrite)")
      }
      guard reader.isFaultless else { return nil }
      if let index = NewEvent.indexOfMixedVersion(in: events) {
        reader.fault(at: "/events/\(index)/version", NewEvent.mixedVersionsDetail)
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
    if !seen.contains(.failIfEventsMatch) { reader.fault(ConditionMember.failIfEventsMatch, EventMember.required) }
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
