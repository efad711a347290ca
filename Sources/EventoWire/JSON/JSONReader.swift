internal import ByteCoding
internal import Evento

/// Reads a JSON body member by member, and keeps note of all that is wrong with it and where.
///
/// A body that is not JSON ends the reading (`invalid_json`). One that is JSON of another shape is read to its end, so
/// that the answer can name every fault at once (`invalid_request`). A function that returns `nil` has noted why.
struct JSONReader {
  /// What happens to members that nobody asked for.
  enum UnknownMembers {
    /// A fault: a typo in a request must not change what it does.
    case refused
    /// Skipped: an answer of a newer gateway may have more members.
    case skipped
  }

  /// The most faults that are noted; one more would not help anybody.
  static let maximumFaults = 20

  private var scanner: JSONScanner
  private let unknownMembers: UnknownMembers
  private var path: [Step] = []
  private var faults: [EventoError.Fault] = []

  private enum Step {
    case member(String)
    case element(Int)
  }

  private init(_ bytes: [UInt8], at start: Int, _ unknownMembers: UnknownMembers) {
    scanner = JSONScanner(bytes, at: start)
    self.unknownMembers = unknownMembers
    // As deep as the members of a body that are read one by one.
    path.reserveCapacity(8)
  }

  /// Reads one body.
  ///
  /// - Throws: `invalid_json`, `invalid_request` with the faults, and what `read` throws.
  /// - Complexity: O(*n*) in the length of the body.
  static func read<Value>(
    _ bytes: [UInt8], unknownMembers: UnknownMembers = .refused,
    _ read: (inout JSONReader) throws(EventoError) -> Value?
  ) throws(EventoError) -> Value {
    guard !bytes.isEmpty else {
      throw EventoError(.invalidJSON, "The body is empty: send a JSON object.")
    }
    var start = 0
    switch TextEncoding(of: bytes) {
    case .utf8: break
    case .markedUTF8: start = TextEncoding.utf8Mark.count
    case .other(let name):
      throw EventoError(.invalidJSON, "The body is encoded in \(name). Send it in UTF-8 (RFC 8259 §8.1).")
    }
    guard start < bytes.count else {
      throw EventoError(.invalidJSON, "The body is a byte order mark and nothing else: send a JSON object.")
    }
    var reader = JSONReader(bytes, at: start, unknownMembers)
    reader.scanner.skipWhitespace()
    let value = try read(&reader)
    reader.scanner.skipWhitespace()
    guard reader.scanner.next == nil else {
      throw reader.error(reader.scanner.fault("expected nothing behind the value"))
    }
    if let value, reader.faults.isEmpty { return value }
    throw .faults(reader.faults)
  }

  // MARK: Faults

  /// Whether nothing has been found wrong so far.
  var isFaultless: Bool { faults.isEmpty }

  /// Whether one more fault would be noted. Where not, its text is not even made: a body has room for millions of them.
  private var takesFaults: Bool { faults.count < Self.maximumFaults }

  /// Notes that the value at hand is not what it must be.
  mutating func fault(_ detail: @autoclosure () -> String) {
    if takesFaults { fault(at: pointer, detail()) }
  }

  /// Notes what is wrong with a member of the object at hand, or that it is missing.
  mutating func fault(_ member: some MemberName, _ detail: @autoclosure () -> String) {
    if takesFaults { fault(at: pointer + "/" + member.rawValue, detail()) }
  }

  mutating func fault(at pointer: String, _ detail: String) {
    if takesFaults { faults.append(EventoError.Fault(.pointer(pointer), detail)) }
  }

  /// The place of the value at hand, as a JSON Pointer (RFC 6901).
  private var pointer: String {
    path.map { step in
      switch step {
      case .element(let index): "/\(index)"
      case .member(let name):
        "/" + String(name.unicodeScalars.flatMap { Array(($0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0))) })
      }
    }.joined()
  }

  private func error(_ fault: JSONScanner.Fault) -> EventoError {
    switch fault.kind {
    case .syntax where scanner.bytes[fault.offset...].starts(with: TextEncoding.utf8Mark):
      // It can't be seen in an editor.
      EventoError(
        .invalidJSON,
        "The body has a byte order mark (U+FEFF) at byte \(fault.offset). One is allowed at the very beginning alone.")
    case .syntax:
      EventoError(.invalidJSON, "The body is not JSON: \(fault.detail), at byte \(fault.offset).")
    case .depth, .repeatedMember:
      .faults([EventoError.Fault(.pointer(pointer), "\(fault.detail), at byte \(fault.offset)")])
    }
  }

  private mutating func scan<Value>(
    _ step: (inout JSONScanner) throws(JSONScanner.Fault) -> Value
  ) throws(EventoError) -> Value {
    do {
      return try step(&scanner)
    } catch {
      throw self.error(error)
    }
  }

  // MARK: Objects and arrays

  /// Reads an object: calls `read` at the value of each member that it has.
  ///
  /// - Returns: the members that were there.
  mutating func object<Member: MemberName>(
    _ members: Member.Type, _ read: (inout JSONReader, Member) throws(EventoError) -> Void
  ) throws(EventoError) -> MemberSet<Member>? {
    guard scanner.skip(UInt8(ascii: "{")) else { return try refuse("must be an object") }
    var seen = MemberSet<Member>()
    scanner.skipWhitespace()
    if scanner.skip(UInt8(ascii: "}")) { return seen }
    repeat {
      scanner.skipWhitespace()
      let name = try scan { scanner throws(JSONScanner.Fault) in try scanner.skipString() }
      try scan { scanner throws(JSONScanner.Fault) in try scanner.expect(UInt8(ascii: ":"), ": after a member's name") }
      scanner.skipWhitespace()
      guard let (member, index) = find(name, Member.self) else {
        let text = name.isEscaped ? scanner.unescaped(name.content)[...] : scanner.bytes[name.content]
        try unknownMember(text, of: Member.self)
        continue
      }
      path.append(.member(member.rawValue))
      if seen.insert(index) {
        try read(&self, member)
      } else {
        fault("stands there twice")
        try skip()
      }
      path.removeLast()
    } while isFollowed()
    try scan { scanner throws(JSONScanner.Fault) in try scanner.expect(UInt8(ascii: "}"), ", or } in an object") }
    return seen
  }

  private func find<Member: MemberName>(
    _ name: (content: Range<Int>, isEscaped: Bool), _ members: Member.Type
  ) -> (member: Member, index: Int)? {
    guard name.isEscaped else { return Member.table.find(scanner.bytes.span.extracting(name.content)) }
    let text = scanner.unescaped(name.content)
    return Member.table.find(text.span)
  }

  private mutating func unknownMember<Member: MemberName>(
    _ name: ArraySlice<UInt8>, of members: Member.Type
  ) throws(EventoError) {
    guard unknownMembers == .refused, takesFaults else { return try skip() }
    let known = Member.table.list
    guard Name.lengths.contains(name.count) else {
      fault("has an unknown member, with a name of \(name.count) bytes: its members are \(known)")
      return try skip()
    }
    path.append(.member(String(decoding: name, as: UTF8.self)))
    fault("is not a member of this object: its members are \(known)")
    try skip()
    path.removeLast()
  }

  /// Reads an array: calls `read` at each element.
  ///
  /// - Returns: how many there are.
  mutating func array(
    _ read: (inout JSONReader, Int) throws(EventoError) -> Void
  ) throws(EventoError) -> Int? {
    guard scanner.skip(UInt8(ascii: "[")) else { return try refuse("must be an array") }
    scanner.skipWhitespace()
    if scanner.skip(UInt8(ascii: "]")) { return 0 }
    var count = 0
    repeat {
      scanner.skipWhitespace()
      path.append(.element(count))
      try read(&self, count)
      path.removeLast()
      count += 1
    } while isFollowed()
    try scan { scanner throws(JSONScanner.Fault) in try scanner.expect(UInt8(ascii: "]"), ", or ] in an array") }
    return count
  }

  private mutating func isFollowed() -> Bool {
    scanner.skipWhitespace()
    return scanner.skip(UInt8(ascii: ","))
  }

  // MARK: Values

  /// Steps over a value, whatever it is.
  mutating func skip() throws(EventoError) {
    _ = try scan { scanner throws(JSONScanner.Fault) in try scanner.skipValue() }
  }

  /// Notes a fault and steps over the value.
  mutating func refuse<Value>(_ detail: String) throws(EventoError) -> Value? {
    fault(detail)
    try skip()
    return nil
  }

  /// Whether the value at hand is `null`; steps over it then.
  mutating func null() throws(EventoError) -> Bool {
    guard scanner.next == UInt8(ascii: "n") else { return false }
    try skip()
    return true
  }

  /// Text.
  mutating func string() throws(EventoError) -> String? {
    guard let string = try stringRange() else { return nil }
    guard string.isEscaped else {
      // UTF-8, as the scanner has seen: nothing is repaired.
      return scanner.bytes.span.extracting(string.content).withUnsafeBufferPointer {
        String(decoding: $0, as: UTF8.self)
      }
    }
    guard let text = String(validating: scanner.unescaped(string.content), as: UTF8.self) else {
      // The scanner takes UTF-8 alone, so this can only be an escape.
      fault("must not have half of a surrogate pair in it")
      return nil
    }
    return text
  }

  /// The bytes that a string stands for.
  mutating func stringBytes() throws(EventoError) -> ArraySlice<UInt8>? {
    guard let string = try stringRange() else { return nil }
    return string.isEscaped ? scanner.unescaped(string.content)[...] : scanner.bytes[string.content]
  }

  private mutating func stringRange() throws(EventoError) -> (content: Range<Int>, isEscaped: Bool)? {
    guard scanner.next == UInt8(ascii: "\"") else { return try refuse("must be a string") }
    return try scan { scanner throws(JSONScanner.Fault) in try scanner.skipString() }
  }

  /// A name or a key, as ``Name`` has it.
  mutating func name() throws(EventoError) -> String? {
    guard let text = try string() else { return nil }
    if let problem = Name.fault(in: text) {
      fault(problem)
      return nil
    }
    return text
  }

  /// A whole number in decimal digits.
  mutating func integer(in range: ClosedRange<Int64>) throws(EventoError) -> Int64? {
    let start = scanner.offset
    try skip()
    guard let number = Int64(digits: scanner.bytes[start..<scanner.offset]), range.contains(number) else {
      fault("must be an integer from \(range.lowerBound) to \(range.upperBound), in digits alone")
      return nil
    }
    return number
  }

  mutating func boolean() throws(EventoError) -> Bool? {
    let start = scanner.next
    guard start == UInt8(ascii: "t") || start == UInt8(ascii: "f") else { return try refuse("must be true or false") }
    try skip()
    return start == UInt8(ascii: "t")
  }

  mutating func ulid() throws(EventoError) -> ULID? {
    guard let bytes = try stringBytes() else { return nil }
    guard let ulid = ULID(utf8: bytes) else {
      fault(ULID.rule)
      return nil
    }
    return ulid
  }

  /// - Throws: `invalid_cursor`.
  mutating func cursor() throws(EventoError) -> Cursor? {
    guard let text = try string() else { return nil }
    return try Cursor(wire: text, pointer)
  }

  /// A cursor, or the word for the end of the log.
  ///
  /// - Throws: `invalid_cursor`.
  mutating func start() throws(EventoError) -> Args.Start? {
    guard let text = try string() else { return nil }
    return try Args.Start(wire: text, pointer)
  }

  /// The very bytes of a value.
  ///
  /// - Throws: `content_too_large` where there are more than `limit`.
  mutating func raw(
    _ what: String, limit: Int, _ members: JSONScanner.MemberRule = .any
  ) throws(EventoError) -> [UInt8] {
    let range = try scan { scanner throws(JSONScanner.Fault) in try scanner.skipValue(members) }
    try check(range.count, of: what, limit: limit)
    return scanner.bytes.span.extracting(range).withUnsafeBufferPointer { Array($0) }
  }

  /// The bytes that a string bears as base64.
  ///
  /// - Throws: `content_too_large` where there are more than `limit`.
  mutating func base64(_ what: String, limit: Int) throws(EventoError) -> [UInt8]? {
    guard let text = try stringBytes() else { return nil }
    guard let bytes = Base64.standard.decode(Array(text)) else {
      fault("must be base64 as RFC 4648 §4 has it: padded with =, no other characters, no bits left over")
      return nil
    }
    try check(bytes.count, of: what, limit: limit)
    return bytes
  }

  private func check(_ count: Int, of what: String, limit: Int) throws(EventoError) {
    guard count <= limit else {
      throw EventoError(
        .contentTooLarge, "\(what) at \(pointer) has \(count) bytes; at most \(limit) are taken.")
    }
  }

  /// Whether an object begins here.
  var isAtObject: Bool { scanner.next == UInt8(ascii: "{") }
}
