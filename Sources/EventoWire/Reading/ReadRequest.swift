internal import ByteCoding
package import Evento

/// A read: `GET /events` and the body of `POST /events/query`.
package struct ReadRequest: Sendable {
  package var aggregators: [ReadAggregator]?
  package var routingKey: RoutingKey
  package var args: Args
  package var encoding: PayloadEncoding
  /// The seconds to wait for an event if the page would be empty.
  package var wait: Int?

  package init(
    aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args, encoding: PayloadEncoding = .auto,
    wait: Int? = nil
  ) {
    self.aggregators = aggregators
    self.routingKey = routingKey
    self.args = args
    self.encoding = encoding
    self.wait = wait
  }

  /// The allowed seconds.
  package static let waitRange: ClosedRange<Int64> = 1...60

  /// The parameters of a request, before they are checked together.
  struct Draft {
    var aggregators: [ReadAggregator]?
    var routingKey = RoutingKey.all
    var first: Int64?
    var after: Args.Start?
    var last: Int64?
    var before: Cursor?
    var encoding = PayloadEncoding.auto
    var wait: Int64?

    static let counts = Int64(Args.countRange.lowerBound)...Int64(Args.countRange.upperBound)

    /// The errors in how they are combined.
    var errors: [(ReadMember, String)] {
      var errors: [(ReadMember, String)] = []
      if first != nil || after != nil {
        if last != nil { errors.append((.last, ReadMember.mixed)) }
        if before != nil { errors.append((.before, ReadMember.mixed)) }
      }
      if wait != nil {
        if last != nil || before != nil { errors.append((.wait, "can't be combined with last or before")) }
        if first == 0 { errors.append((.wait, "can't be combined with first=0")) }
      }
      return errors
    }

    var request: ReadRequest {
      let args: Args =
        if last != nil || before != nil {
          .backward(last: last.map { Int($0) } ?? Args.defaultCount, before: before)
        } else {
          .forward(first: first.map { Int($0) } ?? Args.defaultCount, after: after ?? .beginning)
        }
      return ReadRequest(
        aggregators: aggregators, routingKey: routingKey, args: args, encoding: encoding, wait: wait.map { Int($0) })
    }
  }
}

/// The parameters of a read, in bodies and queries.
enum ReadMember: String, MemberName {
  case aggregators
  case routingKey = "routing_key"
  case first
  case after
  case last
  case before
  case encoding
  case wait

  static let table = MemberTable<ReadMember>()

  /// The value of ``after`` for the end of the log.
  static let now = "now"
  static let mixed = "can't be combined with first or after. A page is read either forward or backward"
}

extension ReadRequest {
  /// Reads the query of `GET /events`.
  ///
  /// - Throws: `invalid_request`, `invalid_cursor`.
  package init(_ parameters: inout ParameterReader) throws(EventoError) {
    var draft = Draft()
    draft.aggregators = parameters.filter().map { [$0] }
    draft.routingKey = parameters.routingKey()
    draft.first = parameters.integer(ReadMember.first.rawValue, in: Draft.counts)
    let after = parameters.value(ReadMember.after.rawValue)
    draft.last = parameters.integer(ReadMember.last.rawValue, in: Draft.counts)
    let before = parameters.value(ReadMember.before.rawValue)
    draft.encoding = parameters.encoding()
    draft.wait = parameters.integer(ReadMember.wait.rawValue, in: Self.waitRange)
    if let after { draft.after = try Args.Start(wire: after, ParameterReader.label(ReadMember.after.rawValue)) }
    if let before { draft.before = try Cursor(wire: before, ParameterReader.label(ReadMember.before.rawValue)) }
    for (member, detail) in draft.errors { parameters.addError(member.rawValue, detail) }
    try parameters.finish()
    self = draft.request
  }

  /// A value of a parameter.
  enum Value {
    case number(Int64)
    case text(String)
  }

  /// The parameters for the page and its encoding.
  var pageParameters: [(ReadMember, Value)] {
    var parameters: [(ReadMember, Value)] = []
    switch args {
    case .forward(let first, let after):
      parameters.append((.first, .number(Int64(first))))
      if let after = after.wire { parameters.append((.after, .text(after))) }
    case .backward(let last, let before):
      parameters.append((.last, .number(Int64(last))))
      if let before { parameters.append((.before, .text(before.description))) }
    }
    if encoding != .auto { parameters.append((.encoding, .text(encoding.rawValue))) }
    if let wait { parameters.append((.wait, .number(Int64(wait)))) }
    return parameters
  }
}

extension ParameterReader {
  /// Reads the filter. A query has room for one.
  package mutating func filter() -> ReadAggregator? {
    let hasType = has("aggregator_type")
    let type = name("aggregator_type")
    let id = name("aggregator_id")
    let eventName = name("name")
    guard let type else {
      guard !hasType else { return nil }
      if id != nil { addError("aggregator_id", "requires aggregator_type") }
      if eventName != nil { addError("name", "requires aggregator_type") }
      return nil
    }
    return ReadAggregator(type, id: id, name: eventName)
  }

  /// Reads the routing key: absent for all events, empty for those without one.
  package mutating func routingKey() -> RoutingKey {
    guard let key = value(allowingEmpty: ReadMember.routingKey.rawValue) else { return .all }
    if !key.isEmpty, let error = Name.error(in: key) { addError(ReadMember.routingKey.rawValue, error) }
    return .value(key.isEmpty ? nil : key)
  }
}

extension ReadRequest {
  /// Reads the body of `POST /events/query`.
  ///
  /// - Throws: `invalid_json`, `invalid_request`, `invalid_cursor`.
  package init(json bytes: [UInt8]) throws(EventoError) {
    self = try JSONReader.read(bytes) { (reader) throws(EventoError) in
      var draft = Draft()
      let seen = try reader.object(ReadMember.self) { (reader, member) throws(EventoError) in
        switch member {
        case .aggregators: draft.aggregators = try reader.filters(atLeast: 0)
        case .routingKey: draft.routingKey = .value(try reader.null() ? nil : try reader.name())
        case .first: draft.first = try reader.integer(in: Draft.counts)
        case .after: draft.after = try reader.start()
        case .last: draft.last = try reader.integer(in: Draft.counts)
        case .before: draft.before = try reader.cursor()
        case .encoding: draft.encoding = try reader.payloadEncoding() ?? .auto
        case .wait: draft.wait = try reader.integer(in: Self.waitRange)
        }
      }
      guard seen != nil else { return nil }
      for (member, detail) in draft.errors { reader.addError(member, detail) }
      return draft.request
    }
  }

  package var json: [UInt8] {
    var body = JSONWriter()
    body.writeMembers(filters: aggregators, routingKey: routingKey)
    for (name, value) in pageParameters {
      body.beginMember()
      body.write(plainString: name.rawValue)
      body.write(json: ":")
      switch value {
      case .number(let number): body.write(integer: number)
      case .text(let text): body.write(plainString: text)
      }
    }
    // There is always a page parameter, so the object is open.
    body.write(json: "}")
    return body.take()
  }
}

extension JSONReader {
  mutating func payloadEncoding() throws(EventoError) -> PayloadEncoding? {
    guard let text = try string() else { return nil }
    guard let encoding = PayloadEncoding(rawValue: text) else {
      addError(PayloadEncoding.rule)
      return nil
    }
    return encoding
  }
}
