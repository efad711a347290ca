/// Percent-encoding (RFC 3986 §2.1).
package enum PercentEncoding {
  /// The reason why text can't be decoded.
  package enum ParseError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A `%` is not followed by two hexadecimal digits.
    case badEscape
    /// The decoded bytes are not UTF-8.
    case notUTF8

    /// The end of a sentence that begins with the name of the text.
    package var description: String {
      switch self {
      case .badEscape: "has a % that two hexadecimal digits do not follow (a % itself is written %25)"
      case .notUTF8: "is not UTF-8 once its escapes are decoded"
      }
    }
  }

  /// Decodes `text` once.
  package static func decode(_ text: String) throws(ParseError) -> String {
    try decode(Array(text.utf8)[...])
  }

  /// Decodes UTF-8 bytes once.
  ///
  /// Not generic: the gateway decodes up to a whole request line on the event loop, and a generic function of another
  /// module is many times slower.
  ///
  /// - Parameter plusIsSpace: Decodes `+` as a space, as HTML forms encode it.
  package static func decode(_ text: ArraySlice<UInt8>, plusIsSpace: Bool = false) throws(ParseError) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      index += 1
      switch byte {
      case UInt8(ascii: "%"):
        guard index + 1 < text.endIndex, let high = ASCII.hexValue(text[index]),
          let low = ASCII.hexValue(text[index + 1])
        else { throw .badEscape }
        bytes.append(high << 4 | low)
        index += 2
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
    return text
  }

  /// Appends a text and encodes all but its unreserved characters (§2.3); slashes are encoded too.
  package static func encode(_ text: String, into encoded: inout String) {
    encoded.reserveCapacity(encoded.utf8.count + text.utf8.count)
    for byte in text.utf8 {
      if isUnreserved(byte) {
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        encoded += byte < 16 ? "%0" : "%"
        encoded += String(byte, radix: 16, uppercase: true)
      }
    }
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }
}
