internal import ByteCoding
package import Evento

/// Reads the parameters of a query, each at most once, and records all errors.
package struct ParameterReader {
  private var values: [(name: String, value: String)] = []
  private var errors: [EventoError.FieldError] = []
  private var known: [String] = []

  /// - Parameter pairs: Decoded names and values, in the order of the query.
  package init(_ pairs: [(name: String, value: String)]) {
    for (name, value) in pairs.prefix(Self.maximumCount) {
      if values.contains(where: { $0.name.isExactly(name) }) {
        addError(name, "is repeated. Send it once")
      } else {
        values.append((name, value))
      }
    }
  }

  /// The maximum number of parameters in a query. No resource has nearly as many, and comparing them takes quadratic
  /// time.
  package static let maximumCount = 64

  package mutating func addError(_ name: String, _ detail: String) {
    guard errors.count < JSONReader.maximumErrors else { return }
    errors.append(.parameter(name, detail))
  }

  /// Returns the name of a parameter in errors.
  package static func label(_ name: String) -> String { "Query parameter \"\(name)\"" }

  /// Returns whether the query has a parameter that has not been read yet, with any value.
  func has(_ name: String) -> Bool { values.contains { $0.name.isExactly(name) } }

  /// Reads the value of a parameter, which may be empty.
  package mutating func value(allowingEmpty name: String) -> String? {
    known.append(name)
    guard let index = values.firstIndex(where: { $0.name.isExactly(name) }) else { return nil }
    return values.remove(at: index).value
  }

  /// Reads the value of a parameter.
  package mutating func value(_ name: String) -> String? {
    guard let value = value(allowingEmpty: name) else { return nil }
    guard !value.isEmpty else {
      addError(name, "is empty. Give it a value or leave it out")
      return nil
    }
    return value
  }

  package mutating func name(_ name: String) -> String? {
    guard let value = value(name) else { return nil }
    if let error = Name.error(in: value) { addError(name, error) }
    return value
  }

  package mutating func integer(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
    guard let value = value(name) else { return nil }
    guard let number = Int64(digits: value.utf8), range.contains(number) else {
      addError(name, "must be an integer from \(range.lowerBound) to \(range.upperBound), in decimal digits")
      return nil
    }
    return number
  }

  package mutating func encoding() -> PayloadEncoding {
    guard let value = value("encoding") else { return .auto }
    guard let encoding = PayloadEncoding(rawValue: value) else {
      addError("encoding", PayloadEncoding.rule)
      return .auto
    }
    return encoding
  }

  /// - Throws: `invalid_request` if there was an error, or an unknown parameter is left.
  package mutating func finish() throws(EventoError) {
    for (name, _) in values {
      let allowed = known.isEmpty ? "This resource takes none" : "Allowed: \(known.joined(separator: ", "))"
      addError(name, "is unknown. \(allowed)")
    }
    if !errors.isEmpty { throw .fieldErrors(errors) }
  }
}

extension PayloadEncoding {
  static let rule = "must be auto or base64"
}
