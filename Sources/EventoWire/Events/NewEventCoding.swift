internal import ByteCoding
internal import Evento

extension JSONReader {
  /// Reads an event to write: docs/http-api.md §2.1.
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
      fault(EventMember.timestampSubsecond, "requires timestamp")
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
