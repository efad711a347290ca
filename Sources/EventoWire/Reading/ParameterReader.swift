internal import ByteCoding
package import Evento

/// Reads the parameters of a query, each at most once, and keeps note of all that is wrong with them.
package struct ParameterReader {
  private var values: [(name: String, value: String)] = []
  private var faults: [EventoError.Fault] = []
  private var known: [String] = []

  /// - Parameter pairs: names and values, decoded, in the order in which they stand in the query.
  package init(_ pairs: [(name: String, value: String)]) {
    for (name, value) in pairs.prefix(Self.maximumCount) {
      if values.contains(where: { $0.name.isExactly(name) }) {
        fault(name, "stands there twice")
      } else {
        values.append((name, value))
      }
    }
  }

  /// The most parameters of one query. No resource takes nearly as many, and to compare them with each other takes time
  /// in the square of their number.
  package static let maximumCount = 64

  package mutating func fault(_ name: String, _ detail: String) {
    guard faults.count < JSONReader.maximumFaults else { return }
    faults.append(.parameter(name, detail))
  }

  /// What an error calls a parameter.
  package static func label(_ name: String) -> String { "The query parameter \(name)" }

  /// Whether a parameter stands there that has not been read yet, whatever its value.
  func has(_ name: String) -> Bool { values.contains { $0.name.isExactly(name) } }

  /// The value of a parameter, an empty one included.
  package mutating func value(allowingEmpty name: String) -> String? {
    known.append(name)
    guard let index = values.firstIndex(where: { $0.name.isExactly(name) }) else { return nil }
    return values.remove(at: index).value
  }

  /// The value of a parameter.
  package mutating func value(_ name: String) -> String? {
    guard let value = value(allowingEmpty: name) else { return nil }
    guard !value.isEmpty else {
      fault(name, "is empty: give it a value or leave it out")
      return nil
    }
    return value
  }

  package mutating func name(_ name: String) -> String? {
    guard let value = value(name) else { return nil }
    if let problem = Name.fault(in: value) { fault(name, problem) }
    return value
  }

  package mutating func integer(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
    guard let value = value(name) else { return nil }
    guard let number = Int64(digits: value.utf8), range.contains(number) else {
      fault(name, "must be an integer from \(range.lowerBound) to \(range.upperBound), in digits alone")
      return nil
    }
    return number
  }

  package mutating func encoding() -> PayloadEncoding {
    guard let value = value("encoding") else { return .auto }
    guard let encoding = PayloadEncoding(rawValue: value) else {
      fault("encoding", PayloadEncoding.rule)
      return .auto
    }
    return encoding
  }

  /// - Throws: `invalid_request` where anything is wrong, or a parameter is left that nobody asked for.
  package mutating func finish() throws(EventoError) {
    for (name, _) in values {
      let list = known.isEmpty ? "there are none here" : "there are \(known.joined(separator: ", "))"
      fault(name, "is not a parameter of this resource: \(list)")
    }
    if !faults.isEmpty { throw .faults(faults) }
  }
}

extension PayloadEncoding {
  static let rule = "must be auto or base64"
}
