internal import ByteCoding

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

extension JSONDocument {
  /// Decodes a value.
  func decode<Value: Decodable>(_ type: Value.Type, at index: Int) throws -> Value {
    // The types that JSON has, and those of Foundation that decode themselves differently. Where the type is fixed, the
    // compiler leaves one of the comparisons.
    if type == String.self { return same(try string(index)) }
    if type == Int.self { return same(try integer(index) as Int) }
    if type == Double.self { return same(try double(index)) }
    if type == Bool.self { return same(try boolean(index)) }
    if type == Date.self { return same(try date(index)) }
    // Without a container, and an existential of it.
    if type == [String].self { return same(try array(index) { try string($0) }) }
    if type == [Int].self { return same(try array(index) { try integer($0) as Int }) }
    if type == [Double].self { return same(try array(index) { try double($0) }) }
    if type == Decimal.self { return same(try decimal(index)) }
    if type == Data.self { return same(try data(index)) }
    if type == URL.self { return same(try url(index)) }
    if type == Float.self { return same(try number(index, JSONNumber.float)) }
    if type == Int64.self { return same(try integer(index) as Int64) }
    if type == Int32.self { return same(try integer(index) as Int32) }
    if type == Int16.self { return same(try integer(index) as Int16) }
    if type == Int8.self { return same(try integer(index) as Int8) }
    if type == Int128.self { return same(try integer(index) as Int128) }
    if type == UInt.self { return same(try integer(index) as UInt) }
    if type == UInt64.self { return same(try integer(index) as UInt64) }
    if type == UInt32.self { return same(try integer(index) as UInt32) }
    if type == UInt16.self { return same(try integer(index) as UInt16) }
    if type == UInt8.self { return same(try integer(index) as UInt8) }
    if type == UInt128.self { return same(try integer(index) as UInt128) }
    return try Value(from: JSONValueDecoder(document: self, index: index))
  }

  /// Returns a value as the type that it is known to be, without a cast at run time.
  @inline(__always)
  private func same<Known, Value>(_ value: Known) -> Value {
    // Its callers have compared the types.
    unsafeBitCast(value, to: Value.self)
  }

  func isNull(_ index: Int) -> Bool { tape.kind(index) == .null }

  // MARK: JSON's own types

  func boolean(_ index: Int) throws -> Bool {
    switch tape.kind(index) {
    case .true: true
    case .false: false
    // For null too, as in Foundation.
    default: throw mismatch(Bool.self, index)
    }
  }

  func string(_ index: Int, for type: Any.Type = String.self) throws -> String {
    let isEscaped: Bool
    switch tape.kind(index) {
    case .asciiString:
      // A span is of a local array.
      let text = text
      if #available(macOS 26, *) {
        // The scan has checked every byte.
        return String(copying: UTF8Span(unchecked: text.span.extracting(tape.content(index)), isKnownASCII: true))
      }
      isEscaped = false
    case .string: isEscaped = false
    case .escapedString: isEscaped = true
    default: throw unexpected(index, for: type, mismatch: String.self)
    }
    guard let string = string(tape.content(index), isEscaped: isEscaped) else {
      throw corrupted(index, "The string has half of a surrogate pair.")
    }
    return string
  }

  func integer<Value: FixedWidthInteger>(_ index: Int) throws -> Value {
    try number(index) { text in
      if let short = JSONNumber.shortInteger(text) { Value(exactly: short) } else { JSONNumber.integer(text) }
    }
  }

  func double(_ index: Int) throws -> Double {
    try number(index, JSONNumber.double)
  }

  @inline(__always)
  private func number<Value>(_ index: Int, _ value: (Span<UInt8>) -> Value?) throws -> Value {
    guard tape.kind(index) == .number else { throw unexpected(index, for: Value.self, mismatch: Value.self) }
    // A span is of a local array.
    let text = text
    guard let value = value(text.span.extracting(tape.content(index))) else {
      throw corrupted(index, "The number \(numberText(index)) does not fit \(Value.self).")
    }
    return value
  }

  // MARK: Arrays

  /// Throws an error if the value is not an array.
  func expectArray(_ index: Int) throws {
    switch tape.kind(index) {
    case .array: break
    case .null: throw null([Any].self, index)
    default: throw mismatch([Any].self, index)
    }
  }

  /// Decodes an array by decoding its elements.
  @inline(__always)
  private func array<Element>(_ index: Int, _ element: (Int) throws -> Element) throws -> [Element] {
    try expectArray(index)
    var elements: [Element] = []
    elements.reserveCapacity(tape.count(index))
    let end = tape.end(index)
    var next = index + 1
    while next < end {
      elements.append(try element(next))
      next = tape.end(next)
    }
    return elements
  }

  // MARK: Foundation's types

  private func date(_ index: Int) throws -> Date {
    switch tape.kind(index) {
    case .null: throw unexpected(index, for: Date.self, mismatch: Date.self)
    case .number:
      if let number = try? double(index) { return dates.date(number) }
    case .asciiString, .string, .escapedString:
      if let moment = moment(index) { return Date(timeIntervalSince1970: moment.secondsSince1970) }
    default: break
    }
    throw corrupted(index, "Expected a date such as 2026-01-31T12:00:00.000Z, or a number of seconds.")
  }

  /// The moment of a string, which seldom has escapes.
  private func moment(_ index: Int) -> RFC3339? {
    guard tape.kind(index) != .escapedString else { return (try? string(index)).flatMap { RFC3339($0) } }
    return text.withUnsafeBufferPointer { RFC3339(UnsafeBufferPointer(rebasing: $0[tape.content(index)])) }
  }

  private func decimal(_ index: Int) throws -> Decimal {
    try number(index) { text in
      Decimal(string: text.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
    }
  }

  private func data(_ index: Int) throws -> Data {
    let string = try string(index, for: Data.self)
    guard let data = Data(base64Encoded: string) else {
      throw corrupted(index, "Encountered Data is not valid Base64.")
    }
    return data
  }

  private func url(_ index: Int) throws -> URL {
    guard let url = URL(string: try string(index, for: URL.self)) else {
      throw corrupted(index, "Invalid URL string.")
    }
    return url
  }

  // MARK: Errors

  func corrupted(_ index: Int, _ text: String) -> DecodingError {
    .dataCorrupted(.init(codingPath: path(to: index), debugDescription: text))
  }

  func mismatch(_ type: Any.Type, _ index: Int) -> DecodingError {
    .typeMismatch(
      type,
      .init(
        codingPath: path(to: index),
        debugDescription: "Expected to decode \(type) but found \(tape.kind(index).text) instead."))
  }

  /// Returns the error of a value of another kind than expected.
  private func unexpected(_ index: Int, for type: Any.Type, mismatch other: Any.Type) -> DecodingError {
    isNull(index) ? null(type, index) : mismatch(other, index)
  }

  func null(_ type: Any.Type, _ index: Int) -> DecodingError {
    .valueNotFound(
      type, .init(codingPath: path(to: index), debugDescription: "Cannot get value of type \(type): it is null."))
  }

  /// At most 40 characters of a number.
  private func numberText(_ index: Int) -> String {
    let content = tape.content(index)
    let shown = String(decoding: text[content.prefix(40)], as: UTF8.self)
    return content.count > 40 ? shown + "…" : shown
  }
}

extension JSONTape.Kind {
  /// The name in the text of an error.
  fileprivate var text: String {
    switch self {
    case .null: "null"
    case .true, .false: "a boolean"
    case .number: "a number"
    case .asciiString, .string, .escapedString: "a string"
    case .array: "an array"
    case .object, .objectWithUnusualNames: "an object"
    }
  }
}

extension JSONCoder.Dates {
  /// Returns the date of a number.
  fileprivate func date(_ number: Double) -> Date {
    switch self {
    case .iso8601, .secondsSince2001: Date(timeIntervalSinceReferenceDate: number)
    case .secondsSince1970: Date(timeIntervalSince1970: number)
    case .millisecondsSince1970: Date(timeIntervalSince1970: number / 1000)
    }
  }
}
