internal import Evento

extension JSONReader {
  /// An event to be written: docs/http-api.md §2.1.
  mutating func newEvent(_ limits: WireLimits) throws(EventoError) -> NewEvent? {
    var event = NewEvent(aggregatorType: "", aggregatorID: "", name: "")
    var (seconds, subsecond): (Int64?, Int64?)
    let seen = try object(EventMember.self) { (reader, member) throws(EventoError) in
      switch member {
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
    if !seen.contains(.aggregatorType) { fault(EventMember.aggregatorType, EventMember.required) }
    if !seen.contains(.aggregatorID) { fault(EventMember.aggregatorID, EventMember.required) }
    if !seen.contains(.name) { fault(EventMember.name, EventMember.required) }
    if seen.contains(.data), seen.contains(.dataBase64) { fault(EventMember.dataBase64, EventMember.bothPayloads) }
    if seen.contains(.timestampSubsecond), !seen.contains(.timestamp) {
      fault(EventMember.timestampSubsecond, "needs timestamp beside it")
    }
    if let seconds { event.timestamp = Timestamp(seconds: seconds, subsecond: Int(subsecond ?? 0)) }
    return event
  }
}

extension [UInt8] {
  mutating func append(_ event: NewEvent) {
    append(UInt8(ascii: "{"))
    if let id = event.id {
      append(json: "\"id\":")
      append(plainString: id.description)
      append(UInt8(ascii: ","))
    }
    append(json: "\"aggregator_type\":")
    append(string: event.aggregatorType)
    append(json: ",\"aggregator_id\":")
    append(string: event.aggregatorID)
    if let version = event.version {
      append(json: ",\"version\":")
      append(integer: Int64(version))
    }
    append(json: ",\"name\":")
    append(string: event.name)
    if case .value(let key) = event.routingKey {
      append(json: ",\"routing_key\":")
      append(stringOrNull: key)
    }
    append(UInt8(ascii: ","))
    append(payloadMember: event.data, .auto)
    append(json: ",\"metadata\":")
    append(contentsOf: event.metadata.bytes)
    if let timestamp = event.timestamp { append(timestampMembers: timestamp) }
    append(UInt8(ascii: "}"))
  }

  /// The members `timestamp` and `timestamp_subsec`, behind others.
  mutating func append(timestampMembers timestamp: Timestamp) {
    append(upTo: 80) { $0.put(timestampMembers: timestamp) }
  }
}
