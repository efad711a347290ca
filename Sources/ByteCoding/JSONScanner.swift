#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Scans JSON text (RFC 8259): it finds the end of a value and checks that it is valid, without interpreting it.
///
/// Strict: valid UTF-8 only, no trailing commas, no comments, no leading zeros, no bare control characters. An escaped
/// lone surrogate is accepted, as in the grammar (§8.2). Nothing recurses, so no input can exhaust the stack.
@usableFromInline
package struct JSONScanner {
  /// The maximum depth of nested arrays and objects.
  package static let maximumDepth = 128

  /// An error in the text.
  package struct ParseError: Error, Equatable {
    package enum Kind: Equatable {
      /// Not JSON.
      case syntax
      /// Nested deeper than ``JSONScanner/maximumDepth``.
      case depth
      /// A member of an object is repeated.
      case repeatedMember
    }

    package let kind: Kind
    /// The error text. Unless the kind is `syntax`, it follows the name of the value.
    package let detail: String
    /// The index of the byte where it was noticed.
    package let offset: Int
  }

  @usableFromInline package let bytes: [UInt8]
  /// The index of the next byte.
  @usableFromInline package internal(set) var offset: Int

  package init(_ bytes: [UInt8], at offset: Int = 0) {
    self.bytes = bytes
    self.offset = offset
  }

  package func error(_ detail: String, _ kind: ParseError.Kind = .syntax) -> ParseError {
    ParseError(kind: kind, detail: detail, offset: offset)
  }

  // MARK: Tokens

  /// The byte at ``offset``, or `nil` at the end.
  @inlinable @inline(__always) package var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  @inlinable @inline(__always)
  package mutating func skipWhitespace() {
    while offset < bytes.count, Self.isWhitespace(bytes[offset]) { offset += 1 }
  }

  @inlinable @inline(__always)
  package static func isWhitespace(_ byte: UInt8) -> Bool {
    byte <= 0x20 && (byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09)
  }

  /// Skips a byte if it is the next one.
  @inlinable @inline(__always)
  package mutating func skip(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    offset += 1
    return true
  }

  /// Skips some bytes if they come next, and otherwise nothing.
  package mutating func skip(_ text: StaticString) -> Bool {
    let length = text.utf8CodeUnitCount
    guard length <= bytes.count - offset else { return false }
    // In bounds, as the condition says.
    let isNext = bytes.withUnsafeBytes { bytes in
      bytes.baseAddress.map { memcmp($0 + offset, text.utf8Start, length) == 0 } ?? false
    }
    if isNext { offset += length }
    return isNext
  }

  /// Skips a byte, after white space.
  package mutating func expect(_ byte: UInt8, _ what: String) throws(ParseError) {
    skipWhitespace()
    guard skip(byte) else { throw error("expected \(what)") }
  }

  /// Skips a string with its quotes.
  ///
  /// - Returns: The range of its content, and true if it has escapes.
  package mutating func skipString() throws(ParseError) -> (content: Range<Int>, isEscaped: Bool) {
    let string = try scanString()
    return (string.content, string.isEscaped)
  }

  /// Skips a string, and returns more about it.
  mutating func scanString() throws(ParseError) -> (content: Range<Int>, isEscaped: Bool, isASCII: Bool) {
    guard skip(UInt8(ascii: "\"")) else { throw error("expected a string") }
    let start = offset
    skipPlainCharacters()
    guard next == UInt8(ascii: "\"") else { return try scanRest(ofStringFrom: start) }
    offset += 1
    return (start..<offset - 1, false, true)
  }

  /// Skips the rest of a string, after plain characters.
  @inline(never)
  private mutating func scanRest(
    ofStringFrom start: Int
  ) throws(ParseError) -> (content: Range<Int>, isEscaped: Bool, isASCII: Bool) {
    var isEscaped = false
    var isASCII = true
    while true {
      guard offset < bytes.count else { throw error("unterminated string") }
      let byte = bytes[offset]
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        return (start..<offset - 1, isEscaped, isASCII)
      case UInt8(ascii: "\\"):
        isEscaped = true
        try skipEscape()
      case 0x20..<0x80: offset += 1
      case 0x80...:
        isASCII = false
        try skipMultibyte(byte)
      default: throw error("a control character must be escaped in a string")
      }
      skipPlainCharacters()
    }
  }

  /// Skips characters of a string that need no check, eight at a time: ASCII without quotes, backslashes and control
  /// characters. It stops at the first other one, or less than eight bytes before the end of the text.
  @inline(__always)
  private mutating func skipPlainCharacters() {
    offset = bytes.withUnsafeBytes { Self.endOfPlainCharacters($0, from: offset) }
  }

  @inline(__always)
  static func endOfPlainCharacters(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
    var offset = start
    let last = text.count - 8
    while offset <= last {
      // In bounds, as the condition says; any eight bytes are a UInt64.
      let word = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      // A byte's high bit is set if the byte is below 0x20, a quote, a backslash, or not ASCII. Other bits that a
      // borrow sets come after one that is set already: the first one is right.
      let special =
        (word &- 0x2020_2020_2020_2020) | Self.zeroBytes(word ^ 0x2222_2222_2222_2222)
        | Self.zeroBytes(word ^ 0x5C5C_5C5C_5C5C_5C5C) | word
      let found = special & 0x8080_8080_8080_8080
      guard found == 0 else { return offset &+ found.trailingZeroBitCount / 8 }
      offset &+= 8
    }
    return offset
  }

  /// Sets the high bit of each zero byte, if there is one.
  private static func zeroBytes(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word
  }

  private mutating func skipEscape() throws(ParseError) {
    guard offset + 1 < bytes.count else { throw error("unterminated string") }
    switch bytes[offset + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      offset += 2
    case UInt8(ascii: "u"):
      guard offset + 6 <= bytes.count, bytes[offset + 2..<offset + 6].allSatisfy({ ASCII.hexValue($0) != nil }) else {
        throw error("\\u needs four hexadecimal digits")
      }
      offset += 6
    default: throw error("unknown escape in a string")
    }
  }

  /// Skips a character of two to four bytes, well-formed according to The Unicode Standard (table 3-7).
  private mutating func skipMultibyte(_ lead: UInt8) throws(ParseError) {
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch lead {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: length = 4
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: throw error("not valid UTF-8")
    }
    guard offset + length <= bytes.count, second.contains(bytes[offset + 1]),
      bytes[offset + 2..<offset + length].allSatisfy({ 0x80...0xBF ~= $0 })
    else { throw error("not valid UTF-8") }
    offset += length
  }

  /// Skips a number.
  package mutating func skipNumber() throws(ParseError) {
    _ = skip(UInt8(ascii: "-"))
    if !skip(UInt8(ascii: "0")) { try skipDigits() }
    if skip(UInt8(ascii: ".")) { try skipDigits() }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      offset += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
      try skipDigits()
    }
  }

  private mutating func skipDigits() throws(ParseError) {
    let start = offset
    while let byte = next, ASCII.isDigit(byte) { offset += 1 }
    guard offset > start else { throw error("expected a digit") }
  }

  mutating func skipWord(_ word: StaticString) throws(ParseError) {
    guard skip(word) else { throw error("expected a value") }
  }

  // MARK: Values

  /// The rule for the names of an object's members.
  package enum MemberRule {
    /// A name may be repeated.
    case any
    /// Each name must be unique. Names are kept for that, and there may be a million of them, so a value longer than so
    /// many bytes, which is rejected anyway, is not checked.
    case unique(within: Int)
  }

  /// Skips one value with everything nested in it.
  ///
  /// - Returns: The range of the value.
  /// - Complexity: O(*n*) in its length.
  package mutating func skipValue(_ members: MemberRule = .any) throws(ParseError) -> Range<Int> {
    let start = offset
    var open = Containers(members, from: start)
    while true {
      if try skipOpening(&open), next != open.end {
        if open.isInObject { try skipName(in: &open) }
      } else if try skipClosings(&open) {
        // Only at the end: text that is not JSON, or too long, is reported as that first.
        if let error = open.repetition, offset <= open.namesEnd { throw error }
        return start..<offset
      }
    }
  }

  /// The open arrays and objects.
  private struct Containers {
    /// One bit for each, the innermost lowest: 1 for an object.
    private var areObjects: UInt128 = 0
    private(set) var count = 0
    /// The index up to which names must be unique.
    let namesEnd: Int
    /// The first repetition.
    private(set) var repetition: ParseError?
    /// The names of the innermost object's members, and of those around it.
    private var names = MemberNames()
    private var outerNames: [MemberNames] = []

    init(_ members: MemberRule, from start: Int) {
      namesEnd =
        switch members {
        case .any: start
        case .unique(let length): start + min(length, .max - start)
        }
    }

    var isInObject: Bool { areObjects & 1 == 1 }
    var end: UInt8 { isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]") }

    mutating func begin(isObject: Bool, at offset: Int) {
      areObjects = areObjects << 1 | (isObject ? 1 : 0)
      count += 1
      if offset < namesEnd, count > 1 {
        outerNames.append(names)
        names = MemberNames()
      }
    }

    mutating func finish() {
      areObjects >>= 1
      count -= 1
      // After the limit, names are no longer kept, so there may be fewer entries than open objects.
      if let outer = outerNames.popLast() { names = outer }
    }

    /// Returns whether a name at an index must be unique.
    func mustBeUnique(at offset: Int) -> Bool { offset < namesEnd && repetition == nil }

    mutating func insert(_ name: ArraySlice<UInt8>, at offset: Int) {
      guard !names.insert(name) else { return }
      let shown = String(decoding: name, as: UTF8.self).prefix(60)
      repetition = ParseError(
        kind: .repeatedMember, detail: "has the member \"\(shown)\" twice in one object", offset: offset)
    }
  }

  /// Skips a scalar, or enters an array or object.
  ///
  /// - Returns: True if it was an array or object.
  private mutating func skipOpening(_ open: inout Containers) throws(ParseError) -> Bool {
    guard let byte = next else { throw error("expected a value") }
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard open.count < Self.maximumDepth else {
        throw error("is nested more than \(Self.maximumDepth) levels deep", .depth)
      }
      open.begin(isObject: byte == UInt8(ascii: "{"), at: offset)
      offset += 1
      skipWhitespace()
      return true
    case UInt8(ascii: "\""): _ = try skipString()
    case UInt8(ascii: "t"): try skipWord("true")
    case UInt8(ascii: "f"): try skipWord("false")
    case UInt8(ascii: "n"): try skipWord("null")
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try skipNumber()
    default: throw error("expected a value")
    }
    return false
  }

  /// Skips what follows a value: the ends of its containers, up to the next value.
  ///
  /// - Returns: True if nothing is open.
  private mutating func skipClosings(_ open: inout Containers) throws(ParseError) -> Bool {
    while open.count > 0 {
      skipWhitespace()
      if skip(UInt8(ascii: ",")) {
        skipWhitespace()
        if open.isInObject { try skipName(in: &open) }
        return false
      }
      guard skip(open.end) else {
        throw error(open.isInObject ? "expected , or } in an object" : "expected , or ] in an array")
      }
      open.finish()
    }
    return true
  }

  /// Skips a member's name and the colon.
  private mutating func skipName(in open: inout Containers) throws(ParseError) {
    let start = offset
    let name = try skipString()
    if open.mustBeUnique(at: start) {
      open.insert(name.isEscaped ? unescaped(name.content)[...] : bytes[name.content], at: start)
    }
    try expect(UInt8(ascii: ":"), ": after a member's name")
    skipWhitespace()
  }

  // MARK: Text

  /// Returns the bytes of a string's content with its escapes decoded. A lone surrogate becomes the three bytes that
  /// UTF-8 would have for it, so the result is not UTF-8 then.
  ///
  /// - Parameter content: The result of ``skipString()``.
  package func unescaped(_ content: Range<Int>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(content.count)
    var index = content.lowerBound
    while index < content.upperBound {
      guard bytes[index] == UInt8(ascii: "\\") else {
        text.append(bytes[index])
        index += 1
        continue
      }
      switch bytes[index + 1] {
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0C)
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "u"):
        var unit = UInt32(codeUnit(at: index + 2))
        if 0xD800...0xDBFF ~= unit, index + 12 <= content.upperBound, bytes[index + 6] == UInt8(ascii: "\\"),
          bytes[index + 7] == UInt8(ascii: "u"), 0xDC00...0xDFFF ~= codeUnit(at: index + 8)
        {
          unit = 0x10000 + (unit - 0xD800) << 10 + (UInt32(codeUnit(at: index + 8)) - 0xDC00)
          index += 6
        }
        Self.append(unit, to: &text)
        index += 4
      default: text.append(bytes[index + 1])
      }
      index += 2
    }
    return text
  }

  private func codeUnit(at index: Int) -> UInt16 {
    bytes[index..<index + 4].reduce(0) { $0 << 4 | UInt16(ASCII.hexValue($1) ?? 0) }
  }

  private static func append(_ codePoint: UInt32, to text: inout [UInt8]) {
    func continuation(_ shift: UInt32) -> UInt8 { UInt8(0x80 | codePoint >> shift & 0x3F) }
    switch codePoint {
    case ..<0x80: text.append(UInt8(codePoint))
    case ..<0x800: text += [UInt8(0xC0 | codePoint >> 6), continuation(0)]
    case ..<0x10000: text += [UInt8(0xE0 | codePoint >> 12), continuation(6), continuation(0)]
    default: text += [UInt8(0xF0 | codePoint >> 18), continuation(12), continuation(6), continuation(0)]
    }
  }
}

extension JSONScanner {
  /// Returns whether bytes are one JSON value that can be embedded in other JSON unchanged: nested at most
  /// ``maximumDepth`` deep, without white space around it.
  package static func isBareValue(_ bytes: [UInt8]) -> Bool {
    var scanner = JSONScanner(bytes)
    guard let value = try? scanner.skipValue() else { return false }
    return value == bytes.indices
  }
}
