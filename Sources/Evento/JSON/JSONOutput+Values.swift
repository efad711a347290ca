internal import ByteCoding

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

extension JSONOutput {
  /// Encodes a value.
  func encode<Value: Encodable>(_ value: Value, at node: Int) throws {
    // As in `JSONDocument.decode(_:at:)`.
    let type = Value.self
    if type == String.self { return write(node) { $0.write(string: same(value)) } }
    if type == Int.self { return write(node) { $0.write(integer: Int64(same(value) as Int)) } }
    if type == Double.self { return try write(node, same(value) as Double) }
    if type == Bool.self { return write(node) { $0.write(boolean: same(value)) } }
    if type == Date.self { return try write(node, same(value) as Date) }
    if type == Decimal.self { return try write(node, same(value) as Decimal) }
    if type == Data.self { return write(node, same(value) as Data) }
    if type == URL.self { return write(node) { $0.write(string: (same(value) as URL).absoluteString) } }
    if type == Float.self { return try write(node, same(value) as Float) }
    if type == Int64.self { return write(node) { $0.write(integer: same(value)) } }
    if type == Int32.self { return write(node) { $0.write(integer: Int64(same(value) as Int32)) } }
    if type == Int16.self { return write(node) { $0.write(integer: Int64(same(value) as Int16)) } }
    if type == Int8.self { return write(node) { $0.write(integer: Int64(same(value) as Int8)) } }
    if type == Int128.self { return write(node) { $0.write(number: (same(value) as Int128).description) } }
    if type == UInt.self { return write(node) { $0.write(number: (same(value) as UInt).description) } }
    if type == UInt64.self { return write(node) { $0.write(number: (same(value) as UInt64).description) } }
    if type == UInt32.self { return write(node) { $0.write(integer: Int64(same(value) as UInt32)) } }
    if type == UInt16.self { return write(node) { $0.write(integer: Int64(same(value) as UInt16)) } }
    if type == UInt8.self { return write(node) { $0.write(integer: Int64(same(value) as UInt8)) } }
    if type == UInt128.self { return write(node) { $0.write(number: (same(value) as UInt128).description) } }
    // Before a value that contains itself exhausts the stack.
    guard depth(of: node) <= JSONTape.maximumDepth else { throw tooDeep(value, node) }
    try value.encode(to: JSONValueEncoder(output: self, node: node))
  }

  /// Encodes a value that is removed if that fails.
  func encode<Value: Encodable>(_ value: Value, added node: Int) throws {
    do {
      try encode(value, at: node)
    } catch {
      remove(node)
      throw error
    }
  }

  func encodeNil(at node: Int) { write(node) { $0.write(json: "null") } }

  /// Returns a value as the type that it is known to be, without a cast at run time.
  @inline(__always)
  private func same<Value, Known>(_ value: Value) -> Known {
    // Its callers have compared the types.
    unsafeBitCast(value, to: Known.self)
  }

  private func write<Number: BinaryFloatingPoint & LosslessStringConvertible>(_ node: Int, _ number: Number) throws {
    guard number.isFinite else {
      throw invalid(number, node, "Unable to encode \(Number.self).\(number) directly in JSON.")
    }
    // A number without a fraction is written without one. The text of larger ones has an exponent.
    if let integer = Int64(exactly: number), integer.magnitude < 1 << 24, integer != 0 || number.sign == .plus {
      return write(node) { $0.write(integer: integer) }
    }
    let text = number.description
    write(node) { $0.write(number: text.hasSuffix(".0") ? String(text.dropLast(2)) : text) }
  }

  private func write(_ node: Int, _ decimal: Decimal) throws {
    guard !decimal.isNaN else { throw invalid(decimal, node, "Unable to encode Decimal.nan directly in JSON.") }
    write(node) { $0.write(number: decimal.description) }
  }

  private func write(_ node: Int, _ data: Data) {
    write(node) { writer in
      writer.write(upTo: Base64.standard.textLength(of: data.count) + 2) { room in
        data.withUnsafeBytes { room.put(base64: $0) }
      }
    }
  }

  private func write(_ node: Int, _ date: Date) throws {
    switch dates {
    case .iso8601:
      guard let milliseconds = Int64(exactly: (date.timeIntervalSince1970 * 1000).rounded()),
        RFC3339.range.contains(milliseconds)
      else {
        // Foundation ends the process when a date that is not finite is printed, and errors are printed.
        throw invalid(date.timeIntervalSince1970, node, "The date is outside the years 1 to 9999.")
      }
      write(node) { $0.write(plainString: RFC3339.text(milliseconds: milliseconds)) }
    case .secondsSince1970: try write(node, date.timeIntervalSince1970)
    case .millisecondsSince1970: try write(node, date.timeIntervalSince1970 * 1000)
    case .secondsSince2001: try write(node, date.timeIntervalSinceReferenceDate)
    }
  }

  func tooDeep(_ value: Any, _ node: Int) -> EncodingError {
    invalid(value, node, "The value is nested more than \(JSONTape.maximumDepth) levels deep.")
  }

  func encodedTwice(_ value: Any, _ node: Int) -> EncodingError {
    invalid(value, node, "A type encodes a second value in the place of this one.")
  }

  private func invalid(_ value: Any, _ node: Int, _ text: String) -> EncodingError {
    .invalidValue(value, .init(codingPath: path(to: node), debugDescription: text))
  }
}
