/// A buffer for JSON text whose maximum length was computed in advance, so that writing need not check an array's
/// capacity for each comma.
///
/// Each piece is checked against the buffer's end nevertheless.
///
/// The functions for short pieces are inlinable: events are written from another module, in some thirty pieces each.
@usableFromInline
package struct JSONRoom: ~Copyable {
  @usableFromInline let bytes: UnsafeMutableRawBufferPointer
  @usableFromInline var end = 0

  /// The bytes written so far.
  @inlinable package var count: Int { end }

  @inlinable
  package init(_ bytes: UnsafeMutableRawBufferPointer) {
    self.bytes = bytes
  }

  @inlinable @inline(__always)
  mutating func write(_ start: UnsafeRawPointer, _ length: Int) {
    precondition(length <= bytes.count - end, "the JSON text exceeds the reserved size")
    UnsafeMutableRawPointer(bytes.baseAddress.unsafelyUnwrapped + end).copyMemory(from: start, byteCount: length)
    end += length
  }

  /// Writes text that is JSON already.
  @inlinable @inline(__always)
  package mutating func put(json text: StaticString) {
    write(text.utf8Start, text.utf8CodeUnitCount)
  }

  /// Writes text that is JSON already.
  @inlinable @inline(__always)
  package mutating func put(json text: UnsafeRawBufferPointer) {
    if let start = text.baseAddress { write(start, text.count) }
  }

  /// Writes text that is JSON already.
  @inlinable @inline(__always)
  package mutating func put(json text: [UInt8]) {
    text.withUnsafeBytes { put(json: $0) }
  }

  @inlinable @inline(__always)
  package mutating func put(_ byte: UInt8) {
    precondition(end < bytes.count, "the JSON text exceeds the reserved size")
    bytes[end] = byte
    end += 1
  }

  /// Writes what `body` writes into room for `length` bytes; it returns the number of bytes.
  @inlinable @inline(__always)
  package mutating func put(upTo length: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) {
    precondition(length <= bytes.count - end, "the JSON text exceeds the reserved size")
    let written = body(UnsafeMutableRawBufferPointer(rebasing: bytes[end..<end + length]))
    precondition(0...length ~= written, "the JSON text exceeds the reserved size")
    end += written
  }

  /// Writes a string with quotes and the escapes that RFC 8259 §7 requires.
  package mutating func put(string text: String) {
    // Nearly all strings are contiguous, and need no copy.
    if text.utf8.withContiguousStorageIfAvailable({ put(stringOf: UnsafeRawBufferPointer($0)) }) == nil {
      var text = text
      text.withUTF8 { put(stringOf: UnsafeRawBufferPointer($0)) }
    }
  }

  @inline(__always)
  private mutating func put(stringOf text: UnsafeRawBufferPointer) {
    put(UInt8(ascii: "\""))
    var start = 0
    while let index = Self.firstEscape(in: text, from: start) {
      put(json: UnsafeRawBufferPointer(rebasing: text[start..<index]))
      put(escaped: text[index])
      start = index + 1
    }
    put(json: UnsafeRawBufferPointer(rebasing: text[start...]))
    put(UInt8(ascii: "\""))
  }

  /// Returns the index of the next byte that must be escaped.
  private static func firstEscape(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var index = start
    while index + 8 <= text.count, !mayNeedEscape(text.loadUnaligned(fromByteOffset: index, as: UInt64.self)) {
      index += 8
    }
    // If fewer than eight bytes are left, together with bytes before them.
    if text.count >= 8, index + 8 > text.count,
      !mayNeedEscape(text.loadUnaligned(fromByteOffset: text.count - 8, as: UInt64.self))
    {
      return nil
    }
    while index < text.count {
      let byte = text[index]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return index }
      index += 1
    }
    return nil
  }

  /// Returns whether one of eight bytes is less than a blank, a quotation mark or a backslash; never false where one
  /// is.
  private static func mayNeedEscape(_ bytes: UInt64) -> Bool {
    let (ones, tops): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
    let (quote, backslash) = (bytes ^ ones &* 0x22, bytes ^ ones &* 0x5C)
    // The subtraction alone sets a byte's top bit if the byte is less than what is subtracted.
    let found =
      (bytes &- ones &* 0x20) & ~bytes | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
    return found & tops != 0
  }

  /// Puts the JSON written from an index on one line: CR and LF between tokens become spaces, and U+0085, U+2028 and
  /// U+2029 in strings, which RFC 8259 §7 allows unescaped, become escapes.
  ///
  /// An escape has six bytes instead of two or three.
  package mutating func makeOneLine(from start: Int) {
    guard let first = LineEnd.first(in: UnsafeRawBufferPointer(bytes), start..<end) else { return }
    let rest = Array(bytes[first.range.lowerBound..<end])
    end = first.range.lowerBound
    rest.withUnsafeBytes { rest in
      var index = 0
      while let lineEnd = LineEnd.first(in: rest, index..<rest.count) {
        put(json: UnsafeRawBufferPointer(rebasing: rest[index..<lineEnd.range.lowerBound]))
        switch lineEnd.character {
        case .control: put(UInt8(ascii: " "))
        case .nextLine: put(json: "\\u0085")
        case .lineSeparator: put(json: "\\u2028")
        case .paragraphSeparator: put(json: "\\u2029")
        }
        index = lineEnd.range.upperBound
      }
      put(json: UnsafeRawBufferPointer(rebasing: rest[index...]))
    }
  }

  private mutating func put(escaped byte: UInt8) {
    put(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): put(byte)
    case 0x08: put(UInt8(ascii: "b"))
    case 0x0C: put(UInt8(ascii: "f"))
    case 0x0A: put(UInt8(ascii: "n"))
    case 0x0D: put(UInt8(ascii: "r"))
    case 0x09: put(UInt8(ascii: "t"))
    default:
      put(json: "u00")
      put(Hex.digit(byte >> 4))
      put(Hex.digit(byte & 15))
    }
  }

  /// Returns the maximum number of bytes that ``put(string:)`` writes.
  @inlinable
  package static func longest(string text: String) -> Int { text.utf8.count * 6 + 2 }

  package mutating func put(boolean: Bool) {
    if boolean { put(json: "true") } else { put(json: "false") }
  }

  /// Writes a string that needs no escapes.
  package mutating func put(plainString text: UnsafeRawBufferPointer) {
    put(UInt8(ascii: "\""))
    put(json: text)
    put(UInt8(ascii: "\""))
  }

  package mutating func put(integer: Int64) {
    put(upTo: Int64.maximumTextLength) { integer.writeText(to: $0) }
  }

  /// Writes bytes as base64, with quotes.
  package mutating func put(base64 content: UnsafeRawBufferPointer) {
    put(UInt8(ascii: "\""))
    put(upTo: Base64.standard.textLength(of: content.count)) { Base64.standard.write(content, to: $0) }
    put(UInt8(ascii: "\""))
  }
}
