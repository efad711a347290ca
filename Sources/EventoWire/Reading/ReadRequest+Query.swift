package import Evento

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
    for (member, detail) in draft.faults { parameters.fault(member.rawValue, detail) }
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
      if id != nil { fault("aggregator_id", "requires aggregator_type") }
      if eventName != nil { fault("name", "requires aggregator_type") }
      return nil
    }
    return ReadAggregator(type, id: id, name: eventName)
  }

  /// Reads the routing key: absent for all events, empty for those without one.
  package mutating func routingKey() -> RoutingKey {
    guard let key = value(allowingEmpty: ReadMember.routingKey.rawValue) else { return .all }
    if !key.isEmpty, let problem = Name.fault(in: key) { fault(ReadMember.routingKey.rawValue, problem) }
    return .value(key.isEmpty ? nil : key)
  }
}
