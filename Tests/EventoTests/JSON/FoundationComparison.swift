import Evento
import Foundation

@testable import ByteCoding

/// Compares `JSONCoder` with Foundation's coders, configured alike.
///
/// Each function returns the difference in words, or `nil`. Tests and the fuzz target share it.
enum FoundationComparison {
  /// - Parameter hasFixedOrder: False for a type with a dictionary: Foundation decodes its members in a random order, so
  ///   that the first of several errors is any of them.
  static func difference<Value: Codable & Equatable>(
    _ type: Value.Type, _ bytes: [UInt8], hasFixedOrder: Bool = true
  ) -> String? {
    let ours = outcome { try JSONCoder().decode(type, from: Payload(bytes)) }
    let theirs = foundation(type, bytes)
    let text = String(decoding: bytes.prefix(300), as: UTF8.self)
    let description = "\(type) from \(text): \(ours), Foundation: \(theirs)"
    switch (ours, theirs) {
    case (.success(let value), .success(let other)):
      guard value == other || hasForeignMeaning(bytes) else { return description }
      return encodingDifference(value)
    case (.failure(let failure), .failure(let other)):
      guard isJSON(bytes) else { return failure.isSyntaxError ? nil : description }
      return !hasFixedOrder || failure.isLike(other) || hasForeignMeaning(bytes) ? nil : description
    case (.failure(let failure), .success):
      guard isJSON(bytes) else { return failure.isSyntaxError ? nil : description }
      return hasForeignMeaning(bytes) ? nil : description
    case (.success, .failure):
      return hasForeignMeaning(bytes) ? nil : description
    }
  }

  /// Encodes the value by both coders, and decodes it again.
  static func encodingDifference<Value: Codable & Equatable>(_ value: Value) -> String? {
    let (ours, theirs) = (outcome { try JSONCoder().encode(value).bytes }, foundation(encode: value))
    switch (ours, theirs) {
    case (.success(let bytes), .success(let other)):
      let (text, otherText) = (String(decoding: bytes, as: UTF8.self), String(decoding: other, as: UTF8.self))
      guard bytes == other else { return "\(value) encoded: \(text), Foundation: \(otherText)" }
      guard JSONScanner.isBareValue(bytes) == (try? JSONCoder().encode(value).isJSON) else {
        return "isJSON of \(text)"
      }
      // A date is rounded, so that its value may differ; a dictionary may have another order, so that its bytes may.
      let back = outcome { try JSONCoder().decode(Value.self, from: Payload(bytes)) }
      if case .success(let back) = back, back == value || (try? JSONCoder().encode(back).bytes) == bytes { return nil }
      return "\(value) does not come back from \(text): \(back)"
    case (.failure(let failure), .failure(let other)):
      return failure.isLike(other) ? nil : "\(value) encoded: \(failure), Foundation: \(other)"
    default: return "\(value) encoded: \(ours), Foundation: \(theirs)"
    }
  }

  // MARK: Outcomes

  struct Failure: Error, CustomStringConvertible {
    let kind: String
    let path: [String]
    let text: String

    init(_ error: any Error) {
      let context: DecodingError.Context?
      switch error {
      case DecodingError.typeMismatch(let type, let its): (kind, context) = ("mismatch of \(type)", its)
      case DecodingError.valueNotFound(let type, let its): (kind, context) = ("no value of \(type)", its)
      case DecodingError.keyNotFound(let key, let its): (kind, context) = ("no key \(key.stringValue)", its)
      case DecodingError.dataCorrupted(let its): (kind, context) = (Self.corrupted, its)
      case EncodingError.invalidValue(_, let its):
        (kind, context) = ("invalid value", .init(codingPath: its.codingPath, debugDescription: its.debugDescription))
      default: (kind, context) = ("\(Swift.type(of: error))", nil)
      }
      path = context?.codingPath.map(\.stringValue) ?? []
      text = context?.debugDescription ?? "\(error)"
    }

    private static let corrupted = "corrupted"

    var description: String { "\(kind) at \(path): \(text)" }

    var isSyntaxError: Bool { kind == Self.corrupted && path.isEmpty && text.contains("The payload is") }

    /// Foundation's error of a number or a string that can't be decoded has no path.
    func isLike(_ foundation: Failure) -> Bool {
      kind == foundation.kind && (path == foundation.path || kind == Self.corrupted && foundation.path.isEmpty)
    }
  }

  private static func outcome<Value>(_ body: () throws -> Value) -> Result<Value, Failure> {
    Result { try body() }.mapError(Failure.init)
  }

  private static func foundation<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) -> Result<Value, Failure> {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .custom { decoder in
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) { return Date(timeIntervalSinceReferenceDate: number) }
      guard let text = try? container.decode(String.self), let moment = RFC3339(text) else {
        throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not a date"))
      }
      return Date(timeIntervalSince1970: moment.secondsSince1970)
    }
    return outcome { try decoder.decode(type, from: Data(bytes)) }
  }

  private static func foundation(encode value: some Encodable) -> Result<[UInt8], Failure> {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
      guard let milliseconds = Int64(exactly: milliseconds), RFC3339.range.contains(milliseconds) else {
        throw EncodingError.invalidValue(0, .init(codingPath: encoder.codingPath, debugDescription: "out of range"))
      }
      try container.encode(RFC3339.text(milliseconds: milliseconds))
    }
    return outcome { Array(try encoder.encode(value)) }
  }

  // MARK: Known differences

  private static func isJSON(_ bytes: [UInt8]) -> Bool { (try? JSONTape(bytes)) != nil }

  /// Returns whether Foundation is known to read the text differently: it drops U+FEFF, and rounds a number before it
  /// becomes an integer.
  private static func hasForeignMeaning(_ bytes: [UInt8]) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    if text.dropFirst().unicodeScalars.contains("\u{FEFF}") || text.lowercased().contains("\\ufeff") { return true }
    let numbers = text.split { !"+-.eE0123456789".contains($0) }
    return numbers.contains { number in
      guard number.contains(where: { ".eE".contains($0) }) else { return false }
      let exponent = number.split { "eE".contains($0) }.dropFirst().last
      return number.filter(\.isNumber).count > 15 || (exponent?.count ?? 0) > 1
    }
  }
}
