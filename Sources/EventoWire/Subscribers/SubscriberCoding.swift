package import Evento

/// The answers that show subscribers.
package enum SubscriberAnswer {
  package static func json(_ subscriber: Subscriber) -> [UInt8] {
    var body: [UInt8] = []
    body.append(subscriber)
    return body
  }

  package static func json(_ subscribers: [Subscriber]) -> [UInt8] {
    var body: [UInt8] = []
    body.append(json: "{\"subscribers\":[")
    for (index, subscriber) in subscribers.enumerated() {
      if index > 0 { body.append(UInt8(ascii: ",")) }
      body.append(subscriber)
    }
    body.append(json: "]}")
    return body
  }

  package static func json(isRunning: Bool) -> [UInt8] {
    var body: [UInt8] = []
    body.append(json: "{\"running\":")
    body.append(boolean: isRunning)
    body.append(UInt8(ascii: "}"))
    return body
  }

  /// - Throws: where it is not what a gateway answers.
  package static func subscriber(json bytes: [UInt8]) throws(EventoError) -> Subscriber {
    try JSONReader.read(bytes, unknownMembers: .skipped) { (reader) throws(EventoError) in try reader.subscriber() }
  }

  /// - Throws: where it is not what a gateway answers.
  package static func subscribers(json bytes: [UInt8]) throws(EventoError) -> [Subscriber] {
    try JSONReader.read(bytes, unknownMembers: .skipped) { (reader) throws(EventoError) in
      var subscribers: [Subscriber] = []
      let seen = try reader.object(ListMember.self) { (reader, _) throws(EventoError) in
        _ = try reader.array { (reader, _) throws(EventoError) in
          if let subscriber = try reader.subscriber() { subscribers.append(subscriber) }
        }
      }
      if let seen, !seen.contains(.subscribers) { reader.fault(ListMember.subscribers, EventMember.required) }
      return subscribers
    }
  }

  /// - Throws: where it is not what a gateway answers.
  package static func isRunning(json bytes: [UInt8]) throws(EventoError) -> Bool {
    try JSONReader.read(bytes, unknownMembers: .skipped) { (reader) throws(EventoError) in
      var isRunning: Bool?
      let seen = try reader.object(RunningMember.self) { (reader, _) throws(EventoError) in
        isRunning = try reader.boolean()
      }
      if let seen, !seen.contains(.running) { reader.fault(RunningMember.running, EventMember.required) }
      return isRunning
    }
  }

  private enum ListMember: String, MemberName {
    case subscribers
    static let table = MemberTable<ListMember>()
  }

  private enum RunningMember: String, MemberName {
    case running
    static let table = MemberTable<RunningMember>()
  }
}

private enum SubscriberMember: String, MemberName {
  case key
  case workerID = "worker_id"
  case cursor
  case lag
  case isEnabled = "enabled"
  case createdAt = "created_at"
  case updatedAt = "updated_at"
  static let table = MemberTable<SubscriberMember>()
}

extension [UInt8] {
  fileprivate mutating func append(_ subscriber: Subscriber) {
    append(json: "{\"key\":")
    append(string: subscriber.key)
    append(json: ",\"worker_id\":")
    append(plainString: subscriber.workerID.description)
    append(json: ",\"cursor\":")
    append(cursor: subscriber.cursor)
    append(json: ",\"lag\":")
    append(integer: Int64(subscriber.lag))
    append(json: ",\"enabled\":")
    append(boolean: subscriber.isEnabled)
    append(json: ",\"created_at\":")
    append(plainString: subscriber.createdAt.rfc3339)
    append(json: ",\"updated_at\":")
    append(plainString: subscriber.updatedAt.rfc3339)
    append(UInt8(ascii: "}"))
  }
}

extension JSONReader {
  fileprivate mutating func subscriber() throws(EventoError) -> Subscriber? {
    var (key, workerID, cursor): (String?, ULID?, Cursor?)
    var (lag, isEnabled): (Int64?, Bool?)
    var (createdAt, updatedAt): (Timestamp?, Timestamp?)
    let seen = try object(SubscriberMember.self) { (reader, member) throws(EventoError) in
      switch member {
      case .key: key = try reader.string()
      case .workerID: workerID = try reader.ulid()
      case .cursor: cursor = try reader.null() ? nil : try reader.cursor()
      case .lag: lag = try reader.integer(in: 0...Int64(Subscriber.maximumLag))
      case .isEnabled: isEnabled = try reader.boolean()
      case .createdAt: createdAt = try reader.timestamp()
      case .updatedAt: updatedAt = try reader.timestamp()
      }
    }
    guard let seen else { return nil }
    for member in SubscriberMember.allCases where !seen.contains(member) { fault(member, EventMember.required) }
    guard let key, let workerID, let lag, let isEnabled, let createdAt, let updatedAt else { return nil }
    return Subscriber(
      key: key, workerID: workerID, cursor: cursor, lag: Int(lag), isEnabled: isEnabled, createdAt: createdAt,
      updatedAt: updatedAt)
  }

  private mutating func timestamp() throws(EventoError) -> Timestamp? {
    guard let text = try string() else { return nil }
    guard let timestamp = Timestamp(rfc3339: text) else {
      fault("must be a time as RFC 3339 has it, in UTC")
      return nil
    }
    return timestamp
  }
}
