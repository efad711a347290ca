internal import ByteCoding
package import Evento

/// JSON text is written straight into a buffer of bytes: no tree of values in between.
extension [UInt8] {
  /// Text that is JSON already.
  @inline(__always)
  package mutating func append(json text: StaticString) {
    text.withUTF8Buffer { append(contentsOf: $0) }
  }

  /// A string, quotes included. What RFC 8259 §7 wants escaped is.
  package mutating func append(string text: String) {
    append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { bytes in
      var start = 0
      for index in bytes.indices {
        let byte = bytes[index]
        guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
        append(contentsOf: bytes[start..<index])
        append(escaped: byte)
        start = index + 1
      }
      append(contentsOf: bytes[start...])
    }
    append(UInt8(ascii: "\""))
  }

  private mutating func append(escaped byte: UInt8) {
    append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
    case 0x0A: append(UInt8(ascii: "n"))
    case 0x0D: append(UInt8(ascii: "r"))
    case 0x09: append(UInt8(ascii: "t"))
    default:
      append(json: "u00")
      append(Self.hexDigits[Int(byte >> 4)])
      append(Self.hexDigits[Int(byte & 15)])
    }
  }

  /// A string of which nothing needs an escape: base64, a cursor, an identifier.
  package mutating func append(plainString text: String) {
    append(UInt8(ascii: "\""))
    append(contentsOf: text.utf8)
    append(UInt8(ascii: "\""))
  }

  package mutating func append(stringOrNull text: String?) {
    if let text { append(string: text) } else { append(json: "null") }
  }

  package mutating func append(cursor: Cursor?) {
    if let cursor { append(plainString: cursor.description) } else { append(json: "null") }
  }

  package mutating func append(ulid: ULID) {
    append(UInt8(ascii: "\""))
    ulid.append(to: &self)
    append(UInt8(ascii: "\""))
  }

  package mutating func append(boolean: Bool) {
    append(json: boolean ? "true" : "false")
  }

  private static let hexDigits = [UInt8]("0123456789abcdef".utf8)
}
