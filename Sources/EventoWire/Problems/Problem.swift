internal import ByteCoding
package import Evento

/// An error as `application/problem+json` (RFC 9457).
package enum Problem {
  package static let mediaType = "application/problem+json"

  package static func json(_ error: EventoError) -> [UInt8] {
    var body = JSONWriter()
    body.write(json: "{\"type\":")
    body.write(string: "urn:evento:problem:\(error.code.rawValue)")
    body.write(json: ",\"title\":")
    body.write(string: error.code.title)
    body.write(json: ",\"status\":")
    body.write(integer: Int64(error.code.status))
    body.write(json: ",\"detail\":")
    body.write(string: error.detail)
    body.write(json: ",\"code\":")
    body.write(string: error.code.rawValue)
    body.write(error.facts)
    body.write(json: "}\n")
    return body.take()
  }

  /// Returns the error in a problem document, or `nil` if it has no `code`.
  package static func error(json bytes: [UInt8]) -> EventoError? {
    let problem = try? JSONReader.read(bytes, unknownMembers: .skipped) { (reader) throws(EventoError) in
      try reader.problem()
    }
    return problem
  }
}

private enum ProblemMember: String, MemberName {
  case detail
  case code
  case errors
  case aggregatorType = "aggregator_type"
  case aggregatorID = "aggregator_id"
  case givenVersion = "given_version"
  case currentVersion = "current_version"
  case eventID = "event_id"
  static let table = MemberTable<ProblemMember>()
}

private enum FieldErrorMember: String, MemberName {
  case pointer
  case parameter
  case detail
  static let table = MemberTable<FieldErrorMember>()
}

extension JSONWriter {
  /// Writes the members that only some codes have.
  fileprivate mutating func write(_ facts: EventoError.Facts) {
    switch facts {
    case .none: break
    case .fieldErrors(let errors):
      write(json: ",\"errors\":[")
      for (index, error) in errors.enumerated() {
        if index > 0 { write(json: ",") }
        switch error.location {
        case .pointer(let pointer):
          write(json: "{\"pointer\":")
          write(string: pointer)
        case .parameter(let name):
          write(json: "{\"parameter\":")
          write(string: name)
        }
        write(json: ",\"detail\":")
        write(string: error.detail)
        write(json: "}")
      }
      write(json: "]")
    case .versionConflict(let type, let id, let given, let current):
      write(json: ",\"aggregator_type\":")
      write(string: type)
      write(json: ",\"aggregator_id\":")
      write(string: id)
      write(json: ",\"given_version\":")
      write(integer: Int64(given))
      write(json: ",\"current_version\":")
      write(integer: Int64(current))
    case .event(let id):
      write(json: ",\"event_id\":")
      write(plainString: id.description)
    }
  }
}

extension JSONReader {
  fileprivate mutating func problem() throws(EventoError) -> EventoError? {
    var (code, detail): (String?, String?)
    var errors: [EventoError.FieldError] = []
    var (type, id, eventID): (String?, String?, ULID?)
    var (given, current): (Int64?, Int64?)
    let versions = 0...Int64(Event.maximumVersion)
    let seen = try object(ProblemMember.self) { (reader, member) throws(EventoError) in
      switch member {
      case .code: code = try reader.string()
      case .detail: detail = try reader.string()
      case .errors:
        _ = try reader.array { (reader, _) throws(EventoError) in
          if let error = try reader.fieldError() { errors.append(error) }
        }
      case .aggregatorType: type = try reader.string()
      case .aggregatorID: id = try reader.string()
      case .givenVersion: given = try reader.integer(in: versions)
      case .currentVersion: current = try reader.integer(in: versions)
      case .eventID: eventID = try reader.ulid()
      }
    }
    guard seen != nil, let code else { return nil }
    var facts = EventoError.Facts.none
    if !errors.isEmpty {
      facts = .fieldErrors(errors)
    } else if let eventID {
      facts = .event(eventID)
    } else if let type, let id, let given, let current {
      facts = .versionConflict(
        aggregatorType: type, aggregatorID: id, givenVersion: Int(given), currentVersion: Int(current))
    }
    return EventoError(EventoError.Code(rawValue: code), detail ?? "The gateway sent no detail.", facts: facts)
  }

  private mutating func fieldError() throws(EventoError) -> EventoError.FieldError? {
    var location: EventoError.FieldError.Location?
    var detail: String?
    _ = try object(FieldErrorMember.self) { (reader, member) throws(EventoError) in
      switch member {
      case .pointer: location = try reader.string().map { .pointer($0) }
      case .parameter: location = try reader.string().map { .parameter($0) }
      case .detail: detail = try reader.string()
      }
    }
    guard let location, let detail else { return nil }
    return EventoError.FieldError(location, detail)
  }
}

extension EventoError {
  /// Returns an `invalid_request` for at least one error in the request.
  package static func fieldErrors(_ errors: [FieldError]) -> EventoError {
    // If the maximum was recorded, there may be more.
    let atLeast = errors.count == JSONReader.maximumErrors ? "at least " : ""
    let first = errors.first.map { error in
      switch error.location {
      case .pointer(let pointer): pointer.isEmpty ? "The body \(error.detail)." : "\(pointer) \(error.detail)."
      case .parameter(let name): "\(ParameterReader.label(name)) \(error.detail)."
      }
    }
    let others =
      errors.count > 1
      ? " See errors for \(atLeast)\(errors.count - 1) more."
      : ""
    return EventoError(
      .invalidRequest, (first ?? "The request is invalid.") + others, facts: .fieldErrors(errors))
  }

  /// Returns an `invalid_request` for one query parameter.
  package static func parameter(_ name: String, _ detail: String) -> EventoError {
    .fieldErrors([.parameter(name, detail)])
  }
}

extension EventoError.FieldError {
  /// Returns an error of a query parameter, whose name may be the client's.
  static func parameter(_ name: String, _ detail: String) -> EventoError.FieldError {
    EventoError.FieldError(.parameter(name.clipped(to: 255)), detail)
  }
}

extension ULID {
  /// The error text for a malformed identifier.
  package static let rule =
    "must be a ULID: 26 characters of 0-9 and A-Z without I, L, O and U, the first one 0 to 7"
}

extension String {
  /// Returns the text, or its beginning with an ellipsis if it has more bytes: for an error that quotes text of a
  /// client, which may be as long as a request line.
  package func clipped(to limit: Int) -> String {
    guard utf8.count > limit else { return self }
    // Slicing rounds down to a whole scalar.
    return self[..<utf8.index(startIndex, offsetBy: limit)] + "…"
  }
}
