internal import ByteCoding
internal import Evento

extension JSONRoom {
  /// Writes an event, as in every response.
  mutating func put(_ event: borrowing EventView, _ encoding: PayloadEncoding) {
    put(json: "{\"id\":")
    put(ulid: event.id)
    put(json: ",\"aggregator_type\":")
    put(json: event.names.aggregatorTypeJSON)
    put(json: ",\"aggregator_id\":")
    put(string: event.aggregatorID)
    put(json: ",\"version\":")
    put(integer: Int64(event.version))
    put(json: ",\"name\":")
    put(json: event.names.nameJSON)
    put(json: ",\"routing_key\":")
    put(json: event.names.routingKeyJSON)
    if event.isErased {
      put(json: ",\"erased\":true")
    } else {
      put(json: ",")
      put(payloadMember: event.data, isJSON: event.isJSON, encoding)
    }
    put(json: ",\"metadata\":")
    put(json: event.metadata)
    put(timestampMembers: event.timestamp)
    put(json: "}")
  }

  /// Writes the members `timestamp` and `timestamp_subsec`, after others.
  mutating func put(timestampMembers timestamp: Timestamp) {
    put(json: ",\"timestamp\":")
    put(integer: timestamp.seconds)
    put(json: ",\"timestamp_subsec\":")
    put(integer: Int64(timestamp.subsecond))
  }

  /// The maximum size of an event, in bytes.
  static func longest(_ event: borrowing EventView, _ encoding: PayloadEncoding) -> Int {
    // The members' names, the identifier and the numbers.
    300 + longest(textsOf: event) + longest(payload: event.data, isJSON: event.isJSON, encoding)
  }

  /// The maximum size of an event's names and metadata, in bytes.
  static func longest(textsOf event: borrowing EventView) -> Int {
    event.names.jsonLength + longest(string: event.aggregatorID) + event.metadata.count
  }

  /// Writes an event with its cursor.
  mutating func put(edge event: borrowing EventView, _ encoding: PayloadEncoding) {
    put(json: "{\"cursor\":")
    put(plainString: event.cursor)
    put(json: ",\"node\":")
    put(event, encoding)
    put(json: "}")
  }

  /// The maximum size of an event with its cursor, in bytes.
  static func longest(edge event: borrowing EventView, _ encoding: PayloadEncoding) -> Int {
    40 + event.cursor.count + longest(event, encoding)
  }
}

extension JSONReader {
  /// Reads an event of a response.
  mutating func event() throws(EventoError) -> Event? {
    var (id, version): (ULID?, Int64?)
    var (type, aggregate, name, routingKey): (String?, String?, String?, String?)
    var data: Payload?
    var metadata: Metadata?
    var (seconds, subsecond): (Int64?, Int64?)
    var isErased = false
    let seen = try object(EventMember.self) { (reader, member) throws(EventoError) in
      switch member {
      case .erased: isErased = try reader.boolean() ?? false
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
    let payload: EventMember? = isErased ? nil : seen.contains(.data) ? .data : .dataBase64
    let missing = EventMember.allCases.filter {
      !seen.contains($0) && ($0 == payload || ![.data, .dataBase64, .erased].contains($0))
    }
    for member in missing { addError(member, EventMember.required) }
    if isErased { data = Payload() }
    guard let id, let type, let aggregate, let version, let name, let data, let metadata, let seconds, let subsecond
    else { return nil }
    return Event(
      id: id, aggregatorType: type, aggregatorID: aggregate, version: Int(version), name: name,
      routingKey: routingKey, data: data, metadata: metadata,
      timestamp: Timestamp(seconds: seconds, subsecond: Int(subsecond)), isErased: isErased)
  }
}

/// The members of an event in a response. A request has all of them but the last.
enum EventMember: String, MemberName {
  case id
  case aggregatorType = "aggregator_type"
  case aggregatorID = "aggregator_id"
  case version
  case name
  case routingKey = "routing_key"
  case data
  case dataBase64 = "data_base64"
  case metadata
  case timestamp
  case timestampSubsecond = "timestamp_subsec"
  case erased

  static let table = MemberTable<EventMember>()
  static let requestTable = MemberTable<EventMember>(without: [.erased])

  static let bothPayloads = "can't be combined with data. Send one of the two"
  static let required = "is missing"
}
