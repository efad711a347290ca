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
    var body: [UInt8] = []
    func separate() { body.append(body.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ",")) }
    if let aggregators {
      separate()
      body.append(json: "\"aggregators\":")
      body.append(filters: aggregators)
    }
    if case .value(let key) = routingKey {
      separate()
      body.append(json: "\"routing_key\":")
      body.append(stringOrNull: key)
    }
    for (name, value) in pageParameters {
      separate()
      body.append(plainString: name.rawValue)
      body.append(UInt8(ascii: ":"))
      switch value {
      case .number(let number): body.append(integer: number)
      case .text(let text): body.append(plainString: text)
      }
    }
    // There is a page parameter always, so the object is open.
    body.append(UInt8(ascii: "}"))
    return body
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
