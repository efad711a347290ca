package import Evento

extension [UInt8] {
  /// An event, as every answer gives it.
  package mutating func append(_ event: Event, _ encoding: PayloadEncoding) {
    append(json: "{\"id\":")
    append(ulid: event.id)
    append(json: ",\"aggregator_type\":")
    append(string: event.aggregatorType)
    append(json: ",\"aggregator_id\":")
    append(string: event.aggregatorID)
    append(json: ",\"version\":")
    append(integer: Int64(event.version))
    append(json: ",\"name\":")
    append(string: event.name)
    append(json: ",\"routing_key\":")
    append(stringOrNull: event.routingKey)
    append(UInt8(ascii: ","))
    append(payloadMember: event.data, encoding)
    append(json: ",\"metadata\":")
    append(contentsOf: event.metadata.bytes)
    append(timestampMembers: event.timestamp)
    append(UInt8(ascii: "}"))
  }
}

extension JSONReader {
  /// An event of an answer.
  mutating func event() throws(EventoError) -> Event? {
    var (id, version): (ULID?, Int64?)
    var (type, aggregate, name, routingKey): (String?, String?, String?, String?)
    var data: Payload?
    var metadata: Metadata?
    var (seconds, subsecond): (Int64?, Int64?)
    let seen = try object(EventMember.self) { (reader, member) throws(EventoError) in
      switch member {
      case .id: id = try reader.ulid()
      case .aggregatorType: type = try reader.string()
      case .aggregatorID: aggregate = try reader.string()
      case .version: version = try reader.integer(in: 1...Int64(Event.maximumVersion))
      case .name: name = try reader.string()
      case .routingKey: routingKey = try reader.null() ? nil : try reader.string()
      case .data: data = try reader.payload(.unlimited)
      case .dataBase64: data = try reader.base64Payload(.unlimited)
      case .metadata: metadata = try reader.metadata(.unlimited)
      case .timestamp: seconds = try reader.integer(in: Timestamp.secondsRange)
      case .timestampSubsecond: subsecond = try reader.integer(in: 0...999)
      }
    }
    guard let seen else { return nil }
    let isMissing = EventMember.allCases.filter {
      !seen.contains($0) && $0 != (seen.contains(.data) ? .dataBase64 : .data)
    }
    for member in isMissing { fault(member, EventMember.required) }
    guard let id, let type, let aggregate, let version, let name, let data, let metadata, let seconds, let subsecond
    else { return nil }
    return Event(
      id: id, aggregatorType: type, aggregatorID: aggregate, version: Int(version), name: name,
      routingKey: routingKey, data: data, metadata: metadata,
      timestamp: Timestamp(seconds: seconds, subsecond: Int(subsecond)))
  }
}
