internal import ByteCoding
package import Evento

/// The query of `GET /subscribers`.
package struct SubscriberPageRequest: Sendable {
  package var first: Int
  package var after: String?

  package init(first: Int, after: String?) {
    self.first = first
    self.after = after
  }

  /// - Throws: `invalid_request`.
  package init(_ parameters: inout ParameterReader) throws(EventoError) {
    let counts = SubscriberPage.countRange
    let first = parameters.integer(Parameter.first, in: Int64(counts.lowerBound)...Int64(counts.upperBound))
    after = parameters.name(Parameter.after)
    try parameters.finish()
    self.first = first.map { Int($0) } ?? counts.upperBound
  }

  /// Names and values, not yet encoded.
  package var parameters: [(name: String, value: String)] {
    [(Parameter.first, String(first))] + (after.map { [(Parameter.after, $0)] } ?? [])
  }

  private enum Parameter {
    static let first = "first"
    static let after = "after"
  }
}

/// The body of `PUT /subscribers/{key}`.
package struct UpsertRequest: Sendable {
  package var workerID: ULID

  package init(workerID: ULID) {
    self.workerID = workerID
  }

  /// - Throws: `invalid_json`, `invalid_request`.
  package init(json bytes: [UInt8]) throws(EventoError) {
    workerID = try JSONReader.read(bytes) { (reader) throws(EventoError) in
      var workerID: ULID?
      let seen = try reader.object(Member.self) { (reader, _) throws(EventoError) in workerID = try reader.ulid() }
      if let seen, !seen.contains(.workerID) { reader.addError(Member.workerID, EventMember.required) }
      return workerID
    }
  }

  package var json: [UInt8] {
    var body = JSONWriter()
    body.write(json: "{\"worker_id\":")
    body.write(plainString: workerID.description)
    body.write(json: "}")
    return body.take()
  }

  private enum Member: String, MemberName {
    case workerID = "worker_id"
    static let table = MemberTable<Member>()
  }
}

/// The body of `PUT /subscribers/{key}/cursor`.
package struct AcknowledgeRequest: Sendable {
  package var cursor: Cursor?
  package var lag: Int
  package var workerID: ULID?

  package init(cursor: Cursor?, lag: Int, workerID: ULID?) {
    self.cursor = cursor
    self.lag = lag
    self.workerID = workerID
  }

  /// - Throws: `invalid_json`, `invalid_request`, `invalid_cursor`.
  package init(json bytes: [UInt8]) throws(EventoError) {
    self = try JSONReader.read(bytes) { (reader) throws(EventoError) in
      var request = AcknowledgeRequest(cursor: nil, lag: 0, workerID: nil)
      let seen = try reader.object(Member.self) { (reader, member) throws(EventoError) in
        switch member {
        case .cursor: request.cursor = try reader.null() ? nil : try reader.cursor()
        case .lag: request.lag = try reader.integer(in: 0...Int64(Subscriber.maximumLag)).map { Int($0) } ?? 0
        case .workerID: request.workerID = try reader.ulid()
        }
      }
      if let seen, !seen.contains(.cursor) { reader.addError(Member.cursor, EventMember.required) }
      return request
    }
  }

  package var json: [UInt8] {
    var body = JSONWriter()
    body.write(json: "{\"cursor\":")
    body.write(cursor: cursor)
    body.write(json: ",\"lag\":")
    body.write(integer: Int64(lag))
    if let workerID {
      body.write(json: ",\"worker_id\":")
      body.write(plainString: workerID.description)
    }
    body.write(json: "}")
    return body.take()
  }

  private enum Member: String, MemberName {
    case cursor
    case lag
    case workerID = "worker_id"
    static let table = MemberTable<Member>()
  }
}

/// The body of `PATCH /subscribers/{key}`.
package struct EnableRequest: Sendable {
  package var isEnabled: Bool

  package init(isEnabled: Bool) {
    self.isEnabled = isEnabled
  }

  /// - Throws: `invalid_json`, `invalid_request`.
  package init(json bytes: [UInt8]) throws(EventoError) {
    isEnabled = try JSONReader.read(bytes) { (reader) throws(EventoError) in
      var isEnabled: Bool?
      let seen = try reader.object(Member.self) { (reader, _) throws(EventoError) in
        isEnabled = try reader.boolean()
      }
      if let seen, !seen.contains(.enabled) { reader.addError(Member.enabled, EventMember.required) }
      return isEnabled
    }
  }

  package var json: [UInt8] {
    var body = JSONWriter()
    body.write(json: "{\"enabled\":")
    body.write(boolean: isEnabled)
    body.write(json: "}")
    return body.take()
  }

  private enum Member: String, MemberName {
    case enabled
    static let table = MemberTable<Member>()
  }
}
