internal import ByteCoding
package import Evento

/// The responses that contain subscribers.
package enum SubscriberResponse {
  package static func json(_ subscriber: Subscriber) -> [UInt8] {
    var body = JSONWriter()
    body.write(subscriber)
    body.write(json: "\n")
    return body.take()
  }

  package static func json(_ page: SubscriberPage) -> [UInt8] {
    var body = JSONWriter()
    body.write(json: "{\"subscribers\":[")
    for (index, subscriber) in page.subscribers.enumerated() {
      if index > 0 { body.write(json: ",") }
      body.write(subscriber)
    }
    body.write(json: "],\"page_info\":{\"has_next_page\":")
    body.write(boolean: page.hasNextPage)
    body.write(json: "}}\n")
    return body.take()
  }

  package static func json(isRunning: Bool) -> [UInt8] {
    var body = JSONWriter()
    body.write(json: "{\"running\":")
    body.write(boolean: isRunning)
    body.write(json: "}\n")
    return body.take()
  }

  /// - Throws: An error if it is not a gateway's response.
  package static func subscriber(json bytes: [UInt8]) throws(EventoError) -> Subscriber {
    try JSONReader.read(bytes, unknownMembers: .skipped) { (reader) throws(EventoError) in try reader.subscriber() }
  }

  /// - Throws: An error if it is not a gateway's response.
  package static func page(json bytes: [UInt8]) throws(EventoError) -> SubscriberPage {
    try JSONReader.read(bytes, unknownMembers: .skipped) { (reader) throws(EventoError) in
      var page = SubscriberPage(subscribers: [], hasNextPage: false)
      let seen = try reader.object(PageMember.self) { (reader, member) throws(EventoError) in
        switch member {
        case .subscribers:
          _ = try reader.array { (reader, _) throws(EventoError) in
            if let subscriber = try reader.subscriber() { page.subscribers.append(subscriber) }
          }
        case .pageInfo: page.hasNextPage = try reader.hasNextPage() ?? false
        }
      }
      guard let seen else { return nil }
      for member in PageMember.allCases where !seen.contains(member) { reader.addError(member, EventMember.required) }
      return page
    }
  }

  /// - Throws: An error if it is not a gateway's response.
  package static func isRunning(json bytes: [UInt8]) throws(EventoError) -> Bool {
    try JSONReader.read(bytes, unknownMembers: .skipped) { (reader) throws(EventoError) in
      var isRunning: Bool?
      let seen = try reader.object(RunningMember.self) { (reader, _) throws(EventoError) in
        isRunning = try reader.boolean()
      }
      if let seen, !seen.contains(.running) { reader.addError(RunningMember.running, EventMember.required) }
      return isRunning
    }
  }

  private enum PageMember: String, MemberName {
    case subscribers
    case pageInfo = "page_info"
    static let table = MemberTable<PageMember>()
  }

  private enum RunningMember: String, MemberName {
    case running
    static let table = MemberTable<RunningMember>()
  }
}

private enum PageInfoMember: String, MemberName {
  case hasNextPage = "has_next_page"
  static let table = MemberTable<PageInfoMember>()
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

extension JSONWriter {
  mutating func write(_ subscriber: Subscriber) {
    write(json: "{\"key\":")
    write(string: subscriber.key)
    write(json: ",\"worker_id\":")
    write(plainString: subscriber.workerID.description)
    write(json: ",\"cursor\":")
    write(cursor: subscriber.cursor)
    write(json: ",\"lag\":")
    write(integer: Int64(subscriber.lag))
    write(json: ",\"enabled\":")
    write(boolean: subscriber.isEnabled)
    write(json: ",\"created_at\":")
    write(plainString: subscriber.createdAt.rfc3339)
    write(json: ",\"updated_at\":")
    write(plainString: subscriber.updatedAt.rfc3339)
    write(json: "}")
  }
}

extension JSONReader {
  fileprivate mutating func hasNextPage() throws(EventoError) -> Bool? {
    var hasNextPage: Bool?
    let seen = try object(PageInfoMember.self) { (reader, _) throws(EventoError) in
      hasNextPage = try reader.boolean()
    }
    if let seen, !seen.contains(.hasNextPage) { addError(PageInfoMember.hasNextPage, EventMember.required) }
    return hasNextPage
  }

  mutating func subscriber() throws(EventoError) -> Subscriber? {
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
    for member in SubscriberMember.allCases where !seen.contains(member) { addError(member, EventMember.required) }
    guard let key, let workerID, let lag, let isEnabled, let createdAt, let updatedAt else { return nil }
    return Subscriber(
      key: key, workerID: workerID, cursor: cursor, lag: Int(lag), isEnabled: isEnabled, createdAt: createdAt,
      updatedAt: updatedAt)
  }

  mutating func timestamp() throws(EventoError) -> Timestamp? {
    guard let text = try string() else { return nil }
    guard let timestamp = Timestamp(rfc3339: text) else {
      addError("must be an RFC 3339 time in UTC")
      return nil
    }
    return timestamp
  }
}

extension Timestamp {
  /// The time in RFC 3339 format, in UTC with milliseconds: `2026-01-31T12:00:00.000Z`. A time before 1970 or after
  /// 9999 is replaced by the nearest one in that range.
  package var rfc3339: String { RFC3339.text(milliseconds: clamped.milliseconds) }

  /// Parses the format of ``rfc3339``, with any number of digits in the fraction, or none. Digits beyond milliseconds
  /// are dropped.
  package init?(rfc3339 text: String) {
    guard text.utf8.last == UInt8(ascii: "Z"), text.utf8.dropFirst(10).first == UInt8(ascii: "T"),
      let moment = RFC3339(text), Self.secondsRange.contains(moment.seconds)
    else { return nil }
    self.init(seconds: moment.seconds, subsecond: moment.milliseconds)
  }
}
