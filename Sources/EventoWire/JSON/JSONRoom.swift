internal import ByteCoding
internal import Evento

/// Room for JSON text of which somebody has worked out how long it is at most: what is written needs no look at an
/// array's capacity for each comma.
///
/// That it suffices is checked with each piece all the same.
struct JSONRoom: ~Copyable {
  private let bytes: UnsafeMutableRawBufferPointer
  /// The bytes written so far.
  private(set) var count = 0

  init(_ bytes: UnsafeMutableRawBufferPointer) {
    self.bytes = bytes
  }

  @inline(__always)
  private mutating func write(_ start: UnsafeRawPointer, _ length: Int) {
    precondition(length <= bytes.count - count, "more is written than there was said to be at most")
    UnsafeMutableRawPointer(bytes.baseAddress.unsafelyUnwrapped + count).copyMemory(from: start, byteCount: length)
    count += length
  }

  /// Text that is JSON already.
  @inline(__always)
  mutating func put(json text: StaticString) {
    write(text.utf8Start, text.utf8CodeUnitCount)
  }

  /// Text that is JSON already.
  @inline(__always)
  mutating func put(json text: UnsafeRawBufferPointer) {
    if let start = text.baseAddress { write(start, text.count) }
  }

  @inline(__always)
  mutating func put(_ byte: UInt8) {
    precondition(count < bytes.count, "more is written than there was said to be at most")
    bytes[count] = byte
    count += 1
  }

  /// A string, quotes included. What RFC 8259 §7 wants escaped is.
  mutating func put(string text: String) {
    // Without holding the string, where it lies in one piece; as good as all do.
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

  /// Where the next byte stands that has to be escaped.
  private static func firstEscape(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var index = start
    while index + 8 <= text.count, !mayNeedEscape(text.loadUnaligned(fromByteOffset: index, as: UInt64.self)) {
      index += 8
    }
    while index < text.count {
      let byte = text[index]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return index }
      index += 1
    }
    return nil
  }

  /// Whether one of eight bytes is less than a blank, a quotation mark or a backslash; never false where one is.
  private static func mayNeedEscape(_ bytes: UInt64) -> Bool {
    let (ones, tops): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
    let (quote, backslash) = (bytes ^ ones &* 0x22, bytes ^ ones &* 0x5C)
    // A byte's top bit is set by the subtraction alone where the byte is less than what is subtracted.
    let found =
      (bytes &- ones &* 0x20) & ~bytes | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
    return found & tops != 0
  }

  /// Makes the JSON that was written from a place on one line: between tokens a space takes the place of CR and LF, and
  /// in strings an escape that of U+0085, U+2028 and U+2029, which RFC 8259 §7 allows to stand there as they are.
  ///
  /// An escape takes six bytes in place of two or three.
  mutating func makeOneLine(from start: Int) {
    guard let first = LineEnd.first(in: UnsafeRawBufferPointer(bytes), start..<count) else { return }
    let rest = Array(bytes[first.range.lowerBound..<count])
    count = first.range.lowerBound
    rest.withUnsafeBytes { rest in
      var index = 0
      while let end = LineEnd.first(in: rest, index..<rest.count) {
        put(json: UnsafeRawBufferPointer(rebasing: rest[index..<end.range.lowerBound]))
        switch end.character {
        case .control: put(UInt8(ascii: " "))
        case .nextLine: put(json: "\\u0085")
        case .lineSeparator: put(json: "\\u2028")
        case .paragraphSeparator: put(json: "\\u2029")
        }
        index = end.range.upperBound
      }
      put(json: UnsafeRawBufferPointer(rebasing: rest[index...]))
    }
  }

  private mutating func put(escaped byte: UInt8) {
    put(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): put(byte)
    case 0x0A: put(UInt8(ascii: "n"))
    case 0x0D: put(UInt8(ascii: "r"))
    case 0x09: put(UInt8(ascii: "t"))
    default:
      let digits = ("0123456789abcdef" as StaticString).utf8Start
      put(json: "u00")
      put(digits[Int(byte >> 4)])
      put(digits[Int(byte & 15)])
    }
  }

  /// Bytes that ``put(string:)`` writes at most.
  static func longest(string text: String) -> Int { text.utf8.count * 6 + 2 }

  mutating func put(boolean: Bool) {
    if boolean { put(json: "true") } else { put(json: "false") }
  }

  mutating func put(cursor: Cursor?) {
    guard let cursor else { return put(json: "null") }
    var text = cursor.description
    text.withUTF8 { put(plainString: UnsafeRawBufferPointer($0)) }
  }

  /// A string of which nothing needs an escape.
  mutating func put(plainString text: UnsafeRawBufferPointer) {
    put(UInt8(ascii: "\""))
    put(json: text)
    put(UInt8(ascii: "\""))
  }

  mutating func put(ulid: ULID) {
    put(UInt8(ascii: "\""))
    precondition(bytes.count - count >= ULID.textLength, "more is written than there was said to be at most")
    ulid.writeText(to: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
    count += ULID.textLength
    put(UInt8(ascii: "\""))
  }

  mutating func put(integer: Int64) {
    // What it writes to is long enough, or it traps.
    count += integer.writeText(to: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
  }

  /// Base64, quotes included.
  mutating func put(base64 content: UnsafeRawBufferPointer) {
    put(UInt8(ascii: "\""))
    // What it writes to is long enough, or it traps.
    count += Base64.standard.write(content, to: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
    put(UInt8(ascii: "\""))
  }
}
