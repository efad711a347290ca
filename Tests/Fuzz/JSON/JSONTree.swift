internal import Foundation

@testable internal import ByteCoding
@testable internal import Evento

/// JSON text with all that it means, made of the scanner's tokens one by one.
indirect enum JSONTree {
  case null
  case boolean(Bool)
  /// As it is written.
  case number(String)
  /// The bytes that it stands for.
  case string([UInt8])
  case array([JSONTree])
  case object([(name: [UInt8], value: JSONTree)])

  /// The deepest nesting of a body: that of a payload, inside what a payload stands in.
  static let maximumBodyDepth = JSONScanner.maximumDepth + 5

  init(text bytes: [UInt8], maximumDepth: Int = JSONScanner.maximumDepth) throws(JSONScanner.ParseError) {
    var scanner = JSONScanner(bytes)
    scanner.skipWhitespace()
    self = try JSONTree(&scanner, depthLeft: maximumDepth)
    scanner.skipWhitespace()
    if scanner.next != nil { throw scanner.error("expected nothing behind the value") }
  }

  private init(_ scanner: inout JSONScanner, depthLeft: Int) throws(JSONScanner.ParseError) {
    let start = scanner.offset
    switch scanner.next {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard depthLeft > 0 else { throw scanner.error("is nested more than 128 levels deep", .depth) }
      self = scanner.next == UInt8(ascii: "{") ? try .object(&scanner, depthLeft) : try .array(&scanner, depthLeft)
    case UInt8(ascii: "\""): self = .string(try Self.string(&scanner))
    default:
      // A word or a number: nothing that could hide anything.
      let text = String(decoding: scanner.bytes[try scanner.skipValue()], as: UTF8.self)
      expect(scanner.offset > start, "a value of no bytes")
      switch text {
      case "null": self = .null
      case "true": self = .boolean(true)
      case "false": self = .boolean(false)
      default: self = .number(text)
      }
    }
  }

  private static func string(_ scanner: inout JSONScanner) throws(JSONScanner.ParseError) -> [UInt8] {
    let (content, isEscaped) = try scanner.skipString()
    let (plain, unescaped) = (Array(scanner.bytes[content]), scanner.unescaped(content))
    expectEqual(isEscaped, plain.contains(UInt8(ascii: "\\")), "escaped")
    if !isEscaped { expectEqual(plain, unescaped, "without escapes") }
    return unescaped
  }

  private static func array(_ scanner: inout JSONScanner, _ depthLeft: Int) throws(JSONScanner.ParseError) -> JSONTree {
    var elements: [JSONTree] = []
    _ = scanner.skip(UInt8(ascii: "["))
    scanner.skipWhitespace()
    if scanner.skip(UInt8(ascii: "]")) { return .array([]) }
    repeat {
      scanner.skipWhitespace()
      elements.append(try JSONTree(&scanner, depthLeft: depthLeft - 1))
      scanner.skipWhitespace()
    } while scanner.skip(UInt8(ascii: ","))
    try scanner.expect(UInt8(ascii: "]"), ", or ] in an array")
    return .array(elements)
  }

  private static func object(
    _ scanner: inout JSONScanner, _ depthLeft: Int
  ) throws(JSONScanner.ParseError) -> JSONTree {
    var members: [(name: [UInt8], value: JSONTree)] = []
    _ = scanner.skip(UInt8(ascii: "{"))
    scanner.skipWhitespace()
    if scanner.skip(UInt8(ascii: "}")) { return .object([]) }
    repeat {
      scanner.skipWhitespace()
      let name = try string(&scanner)
      try scanner.expect(UInt8(ascii: ":"), ": after a member's name")
      scanner.skipWhitespace()
      members.append((name, try JSONTree(&scanner, depthLeft: depthLeft - 1)))
      scanner.skipWhitespace()
    } while scanner.skip(UInt8(ascii: ","))
    try scanner.expect(UInt8(ascii: "}"), ", or } in an object")
    return .object(members)
  }

  // MARK: What it is

  /// Whether an object in it has a member twice.
  var repeatsMembers: Bool {
    switch self {
    case .array(let elements): elements.contains(where: \.repeatsMembers)
    case .object(let members):
      Set(members.map(\.name)).count < members.count || members.contains(where: \.value.repeatsMembers)
    default: false
    }
  }

  /// Whether RFC 8259 leaves nobody a choice: whole characters in strings (§8.2), numbers in the range and precision of
  /// a Double (§6). Foundation drops a U+FEFF that begins a string or follows an escape.
  var isPlain: Bool {
    switch self {
    case .null, .boolean: true
    case .number(let text): Double(text).map { $0.isNormal || $0 == 0 && !text.isTiny } ?? false
    case .string(let bytes):
      String(validating: bytes, as: UTF8.self).map { !$0.unicodeScalars.contains("\u{FEFF}") } ?? false
    case .array(let elements): elements.allSatisfy(\.isPlain)
    case .object(let members): members.allSatisfy { JSONTree.string($0.name).isPlain && $0.value.isPlain }
    }
  }

  /// The value of a member, where it is an object that has it once.
  subscript(name: String) -> JSONTree? {
    guard case .object(let members) = self else { return nil }
    let found = members.filter { $0.name.elementsEqual(name.utf8) }
    return found.count == 1 ? found[0].value : nil
  }

  /// Whether it is what Foundation read.
  func means(_ object: Any) -> Bool {
    switch (self, object) {
    case (.null, is NSNull): return true
    case (.boolean(let value), let number as Bool): return value == number
    case (.number(let text), let number as NSNumber):
      // Foundation goes through Decimal, and rounds twice.
      let (value, other) = (Double(text) ?? .nan, number.doubleValue)
      return abs(value - other) <= abs(value) * 1e-12
    case (.string(let bytes), let text as String): return bytes.elementsEqual(text.utf8)
    case (.array(let elements), let objects as [Any]):
      return elements.count == objects.count && zip(elements, objects).allSatisfy { $0.means($1) }
    case (.object(let members), let objects as [String: Any]):
      // Foundation keeps one member of a name, and takes names for the same that differ in normalization.
      let names = members.map { String(decoding: $0.name, as: UTF8.self) }
      guard Set(names).count == names.count else { return Set(names) == Set(objects.keys) }
      return objects.count == members.count
        && zip(names, members).allSatisfy { name, member in objects[name].map { member.value.means($0) } ?? false }
    default: return false
    }
  }
}

extension String {
  /// Whether a number that a Double has as zero is not.
  fileprivate var isTiny: Bool {
    prefix { $0 != "e" && $0 != "E" }.contains { "1"..."9" ~= $0 }
  }
}
