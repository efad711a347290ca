internal import ByteCoding
package import Evento

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
      for (member, detail) in draft.faults { reader.fault(member, detail) }
      return draft.request
    }
  }

  package var json: [UInt8] {
    var body = JSONWriter()
    func separate() { body.write(json: body.isEmpty ? "{" : ",") }
    if let aggregators {
      separate()
      body.write(json: "\"aggregators\":")
      body.write(filters: aggregators)
    }
    if case .value(let key) = routingKey {
      separate()
      body.write(json: "\"routing_key\":")
      body.write(stringOrNull: key)
    }
    for (name, value) in pageParameters {
      separate()
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
      fault(PayloadEncoding.rule)
      return nil
    }
    return encoding
  }
}
