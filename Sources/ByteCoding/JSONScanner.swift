/// Walks over JSON text (RFC 8259): where a value ends, and whether it is one. It knows nothing of what a text means.
///
/// Strict: valid UTF-8 only, no trailing commas, no comments, no leading zeros, no bare control characters. An escape
/// of a lone surrogate passes, as the grammar has it (§8.2). Nothing here recurses, so no input can exhaust the stack.
@usableFromInline
package struct JSONScanner {
  /// The deepest nesting that is accepted: arrays and objects within each other.
  package static let maximumDepth = 128

  /// Why a text is not what was asked for.
  package struct Fault: Error, Equatable {
    package enum Kind: Equatable {
      /// Not JSON.
      case syntax
      /// Nested deeper than ``JSONScanner/maximumDepth``.
      case depth
      /// A member of an object stands there twice.
      case repeatedMember
    }

    package let kind: Kind
    /// Of a fault that is not one of syntax, to stand behind what the value is called.
    package let detail: String
    /// The byte at which it was noticed.
    package let offset: Int
  }

  @usableFromInline package let bytes: [UInt8]
  /// The byte that is looked at next.
  @usableFromInline package internal(set) var offset: Int

  package init(_ bytes: [UInt8], at offset: Int = 0) {
    self.bytes = bytes
    self.offset = offset
  }

  package func fault(_ detail: String, _ kind: Fault.Kind = .syntax) -> Fault {
    Fault(kind: kind, detail: detail, offset: offset)
  }

  // MARK: Tokens

  /// The byte at ``offset``, or `nil` at the end.
  @inlinable package var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  @inlinable
  package mutating func skipWhitespace() {
    while offset < bytes.count, Self.isWhitespace(bytes[offset]) { offset += 1 }
  }

  @inlinable
  package static func isWhitespace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  /// Steps over a byte if it is the next one.
  @inlinable
  package mutating func skip(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    offset += 1
    return true
  }

  /// Steps over a byte, after white space.
  package mutating func expect(_ byte: UInt8, _ what: String) throws(Fault) {
    skipWhitespace()
    guard skip(byte) else { throw fault("expected \(what)") }
  }

  /// Steps over a string, quotes included.
  ///
  /// - Returns: where its content stands, and whether there are escapes in it.
  package mutating func skipString() throws(Fault) -> (content: Range<Int>, isEscaped: Bool) {
    guard skip(UInt8(ascii: "\"")) else { throw fault("expected a string") }
    let start = offset
    var isEscaped = false
    while true {
      skipPlainCharacters()
      guard offset < bytes.count else { throw fault("the string does not end") }
      let byte = bytes[offset]
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        return (start..<offset - 1, isEscaped)
      case UInt8(ascii: "\\"):
        isEscaped = true
        try skipEscape()
      case 0x20..<0x80: offset += 1
      case 0x80...: try skipMultibyte(byte)
      default: throw fault("a control character must be escaped in a string")
      }
    }
  }

  /// Steps over characters of a string that need no look of their own, eight at a time: ASCII without quotes, backslashes
  /// and control characters. It stops at the first other one, or less than eight before the end of the text.
  private mutating func skipPlainCharacters() {
    offset = endOfPlainCharacters
  }

  private var endOfPlainCharacters: Int {
    let text = bytes.span.bytes
    var offset = offset
    while offset + 8 <= text.byteCount {
      // In bounds, as the condition says; any eight bytes are a UInt64.
      let word = UInt64(littleEndian: text.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
      // A byte's high bit is set where the byte is below 0x20, a quote, a backslash, or itself beyond ASCII. What a borrow
      // sets beside that is behind a byte that is set already: the first one is right.
      let special =
        (word &- 0x2020_2020_2020_2020) | Self.zeroBytes(word ^ 0x2222_2222_2222_2222)
        | Self.zeroBytes(word ^ 0x5C5C_5C5C_5C5C_5C5C) | word
      let found = special & 0x8080_8080_8080_8080
      guard found == 0 else { return offset + found.trailingZeroBitCount / 8 }
      offset += 8
    }
    return offset
  }

  /// Sets the high bit of each byte that is zero, if of any.
  private static func zeroBytes(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word
  }

  private mutating func skipEscape() throws(Fault) {
    guard offset + 1 < bytes.count else { throw fault("the string does not end") }
    switch bytes[offset + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      offset += 2
    case UInt8(ascii: "u"):
      guard offset + 6 <= bytes.count, bytes[offset + 2..<offset + 6].allSatisfy({ ASCII.hexValue($0) != nil }) else {
        throw fault("\\u needs four hexadecimal digits")
      }
      offset += 6
    default: throw fault("unknown escape in a string")
    }
  }

  /// One character of two to four bytes, well-formed as The Unicode Standard has it (table 3-7).
  private mutating func skipMultibyte(_ lead: UInt8) throws(Fault) {
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
    default: throw fault("not valid UTF-8")
    }
    guard offset + length <= bytes.count, second.contains(bytes[offset + 1]),
      bytes[offset + 2..<offset + length].allSatisfy({ 0x80...0xBF ~= $0 })
    else { throw fault("not valid UTF-8") }
    offset += length
  }

  /// Steps over a number.
  package mutating func skipNumber() throws(Fault) {
    _ = skip(UInt8(ascii: "-"))
    if !skip(UInt8(ascii: "0")) { try skipDigits() }
    if skip(UInt8(ascii: ".")) { try skipDigits() }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      offset += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
      try skipDigits()
    }
  }

  private mutating func skipDigits() throws(Fault) {
    let start = offset
    while let byte = next, ASCII.isDigit(byte) { offset += 1 }
    guard offset > start else { throw fault("expected a digit") }
  }

  private mutating func skipWord(_ word: StaticString) throws(Fault) {
    let isThere = word.withUTF8Buffer { bytes[offset...].starts(with: $0) }
    guard isThere else { throw fault("expected a value") }
    offset += word.utf8CodeUnitCount
  }

  // MARK: Values

  /// What names an object's members may have.
  package enum MemberRule {
    /// A name may stand there twice.
    case any
    /// Each name once. Names are kept for that, and there may be a million of them: in what turns out to be longer than
    /// so many bytes, which nobody will take, it is not looked after.
    case unique(within: Int)
  }

  /// Steps over one value, with what is nested in it.
  ///
  /// - Returns: where it stands.
  /// - Complexity: O(*n*) in its length.
  package mutating func skipValue(_ members: MemberRule = .any) throws(Fault) -> Range<Int> {
    let start = offset
    var open = Containers(members, from: start)
    while true {
      if try skipOpening(&open), next != open.end {
        if open.isInObject { try skipName(in: &open) }
      } else if try skipClosings(&open) {
        // Not before the end: what is no JSON, or longer than anybody takes, is that first.
        if let fault = open.repetition, offset <= open.namesEnd { throw fault }
        return start..<offset
      }
    }
  }

  /// The arrays and objects that have begun and not ended.
  private struct Containers {
    /// A bit for each, the innermost the lowest: whether it is an object.
    private var areObjects: UInt128 = 0
    private(set) var count = 0
    /// Up to where names may not be repeated.
    let namesEnd: Int
    /// The first one that is.
    private(set) var repetition: Fault?
    /// Those of the innermost one's members, and of those around it.
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
      // Behind the end there may be fewer than have begun, and none is looked at.
      if let outer = outerNames.popLast() { names = outer }
    }

    /// Whether a name at a place is one that may not be repeated.
    func wants(_ place: Int) -> Bool { place < namesEnd && repetition == nil }

    mutating func insert(_ name: ArraySlice<UInt8>, at place: Int) {
      guard !names.insert(name) else { return }
      let shown = String(decoding: name, as: UTF8.self).prefix(60)
      repetition = Fault(
        kind: .repeatedMember, detail: "has the member \"\(shown)\" twice in one object", offset: place)
    }
  }

  /// Steps over a scalar, or into an array or object.
  ///
  /// - Returns: whether it was an array or object.
  private mutating func skipOpening(_ open: inout Containers) throws(Fault) -> Bool {
    guard let byte = next else { throw fault("expected a value") }
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard open.count < Self.maximumDepth else {
        throw fault("is nested more than \(Self.maximumDepth) deep", .depth)
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
    default: throw fault("expected a value")
    }
    return false
  }

  /// Steps over what follows a value: the ends of what it stood in, up to the next value.
  ///
  /// - Returns: whether nothing is open any more.
  private mutating func skipClosings(_ open: inout Containers) throws(Fault) -> Bool {
    while open.count > 0 {
      skipWhitespace()
      if skip(UInt8(ascii: ",")) {
        skipWhitespace()
        if open.isInObject { try skipName(in: &open) }
        return false
      }
      guard skip(open.end) else {
        throw fault(open.isInObject ? "expected , or } in an object" : "expected , or ] in an array")
      }
      open.finish()
    }
    return true
  }

  /// Steps over a member's name and the colon.
  private mutating func skipName(in open: inout Containers) throws(Fault) {
    let start = offset
    let name = try skipString()
    if open.wants(start) {
      open.insert(name.isEscaped ? unescaped(name.content)[...] : bytes[name.content], at: start)
    }
    try expect(UInt8(ascii: ":"), ": after a member's name")
    skipWhitespace()
  }

  // MARK: Text

  /// The bytes that a string's content stands for, a lone surrogate as the three bytes that UTF-8 would have for it.
  /// They are not UTF-8 then.
  ///
  /// - Parameter content: what ``skipString()`` returned.
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
  /// Whether bytes are one JSON text that could stand in another as it is: nested at most ``maximumDepth`` deep, no
  /// white space around.
  package static func isBareValue(_ bytes: [UInt8]) -> Bool {
    var scanner = JSONScanner(bytes)
    guard let value = try? scanner.skipValue() else { return false }
    return value == bytes.indices
  }
}
