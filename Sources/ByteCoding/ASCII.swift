/// Classes of bytes.
///
/// Everything is inlinable: parsers in other modules check every byte with it.
@usableFromInline
package enum ASCII {
  @inlinable
  package static func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }

  /// Returns whether the byte is HTAB or SP, the white space of RFC 9110 §5.6.3.
  @inlinable
  package static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }

  /// Returns whether the byte is allowed in neither a line of a head nor a field's value (RFC 9110 §5.5).
  @inlinable
  package static func isControl(_ byte: UInt8) -> Bool {
    byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7F
  }

  /// Returns whether one of the bytes is a control character. Without an early exit, so that it checks many at once.
  @inlinable
  package static func hasControl(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var found: UInt8 = 0
    for byte in bytes { found |= isControl(byte) ? 1 : 0 }
    return found != 0
  }

  /// Returns whether all bytes are ASCII. Without an early exit, so that it checks many at once.
  @inlinable
  package static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var all: UInt8 = 0
    for byte in bytes { all |= byte }
    return all < 0x80
  }

  @inlinable
  package static func lowercased(_ byte: UInt8) -> UInt8 {
    UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
  }

  /// Returns the value of a hexadecimal digit of either case.
  @inlinable
  package static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
