internal import ByteCoding

/// The header field `traceparent` of W3C Trace Context (https://www.w3.org/TR/trace-context/#traceparent-header): the
/// trace to which a request belongs, and the caller's own part of it.
package struct TraceParent: Sendable, Equatable {
  package static let field = "traceparent"

  /// The value of the field, in version 00: 55 characters.
  package let text: String

  /// Reads a value.
  ///
  /// One of a later version may have more at its end. It is read like one of version 00, and passed on as such:
  /// https://www.w3.org/TR/trace-context/#versioning-of-traceparent
  ///
  /// - Returns: `nil` if it is invalid, so that the field must be ignored.
  package init?(_ text: String) {
    guard text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }), Self.isValid(Array(text.utf8)) else { return nil }
    self.text = "00" + text.dropFirst(2).prefix(Self.length - 2)
  }

  /// The ID of the trace: 32 lower-case hexadecimal digits.
  package var traceID: String { String(text.dropFirst(3).prefix(32)) }

  private static func isValid(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= length else { return false }
    let (version, trace, parent, flags) = (bytes[0..<2], bytes[3..<35], bytes[36..<52], bytes[53..<55])
    guard [version, trace, parent, flags].allSatisfy({ $0.allSatisfy(isDigit) }),
      [2, 35, 52].allSatisfy({ bytes[$0] == UInt8(ascii: "-") })
    else { return false }
    if version.elementsEqual("ff".utf8) || isZero(trace) || isZero(parent) { return false }
    return bytes.count == length || !isZero(version) && bytes[length] == UInt8(ascii: "-")
  }

  /// The length of a value of version 00.
  private static let length = 55

  /// Returns true for a hexadecimal digit in lower case.
  private static func isDigit(_ byte: UInt8) -> Bool {
    ASCII.isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
  }

  private static func isZero(_ digits: ArraySlice<UInt8>) -> Bool {
    digits.allSatisfy { $0 == UInt8(ascii: "0") }
  }
}
