internal import ByteCoding
internal import Evento

/// Reads a JSON body member by member, and records all errors with their pointers.
///
/// A body that is not JSON ends the reading (`invalid_json`). A JSON body with wrong content is read to its end, so
/// that the response can report all errors at once (`invalid_request`). A function that returns `nil` has recorded an
/// error.
struct JSONReader {
  /// The treatment of unknown members.
  enum UnknownMembers {
    /// They are errors: a typo in a request must not change its effect.
    case refused
    /// They are skipped: a newer gateway may send more members.
    case skipped
  }

  /// The maximum number of recorded errors; more would not help.
  static let maximumErrors = 20

  private var scanner: JSONScanner
  private let unknownMembers: UnknownMembers
  private var path: [Step] = []
  private var errors: [EventoError.FieldError] = []

  private enum Step {
    case member(String)
    case element(Int)
  }

  private init(_ bytes: [UInt8], at start: Int, _ unknownMembers: UnknownMembers) {
    scanner = JSONScanner(bytes, at: start)
    self.unknownMembers = unknownMembers
    // The depth of members that are read one by one.
    path.reserveCapacity(8)
  }

  /// Reads one body.
  ///
  /// - Throws: `invalid_json`, `invalid_request` with the recorded errors, and the errors of `read`.
  /// - Complexity: O(*n*) in the length of the body.
  static func read<Value>(
    _ bytes: [UInt8], unknownMembers: UnknownMembers = .refused,
    _ read: (inout JSONReader) throws(EventoError) -> Value?
  ) throws(EventoError) -> Value {
    guard !bytes.isEmpty else {
      throw EventoError(.invalidJSON, "The body is empty. Send a JSON object.")
    }
    var start = 0
    switch TextEncoding(of: bytes) {
    case .utf8: break
    case .markedUTF8: start = TextEncoding.utf8Mark.count
    case .other(let name):
      throw EventoError(.invalidJSON, "The body is encoded in \(name). Send it in UTF-8 (RFC 8259 §8.1).")
    }
    guard start < bytes.count else {
      throw EventoError(.invalidJSON, "The body contains only a byte order mark. Send a JSON object.")
    }
    var reader = JSONReader(bytes, at: start, unknownMembers)
    reader.scanner.skipWhitespace()
    let value = try read(&reader)
    reader.scanner.skipWhitespace()
    guard reader.scanner.next == nil else {
      throw reader.failure(reader.scanner.error("expected nothing after the value"))
    }
    if let value, reader.errors.isEmpty { return value }
    throw .fieldErrors(reader.errors)
  }

  // MARK: Errors

  /// True if no error has been recorded.
  var hasNoErrors: Bool { errors.isEmpty }

  /// True if another error would be recorded. If not, its text is not built: a body has room for millions of errors.
  private var recordsErrors: Bool { errors.count < Self.maximumErrors }

  /// Records an error for the current value.
  mutating func addError(_ detail: @autoclosure () -> String) {
    if recordsErrors { addError(at: pointer, detail()) }
  }

  /// Records an error for a member of the current object, which may be missing.
  mutating func addError(_ member: some MemberName, _ detail: @autoclosure () -> String) {
    if recordsErrors { addError(at: pointer + "/" + member.rawValue, detail()) }
  }

  mutating func addError(at pointer: String, _ detail: String) {
    if recordsErrors { errors.append(EventoError.FieldError(.pointer(pointer), detail)) }
  }

  /// The position of the current value, as a JSON Pointer (RFC 6901).
  private var pointer: String {
    path.map { step in
      switch step {
      case .element(let index): "/\(index)"
      case .member(let name):
        "/" + String(name.unicodeScalars.flatMap { Array(($0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0))) })
      }
    }.joined()
  }

  private func failure(_ error: JSONScanner.ParseError) -> EventoError {
    switch error.kind {
    case .syntax where scanner.bytes[error.offset...].starts(with: TextEncoding.utf8Mark):
      // Invisible in an editor.
      EventoError(
        .invalidJSON,
        "The body has a byte order mark (U+FEFF) at byte \(error.offset). It is allowed only at the beginning.")
    case .syntax:
      EventoError(.invalidJSON, "The body is not valid JSON: \(error.detail), at byte \(error.offset).")
    case .depth, .repeatedMember:
      .fieldErrors([EventoError.FieldError(.pointer(pointer), "\(error.detail), at byte \(error.offset)")])
    }
  }

  private mutating func scan<Value>(
    _ step: (inout JSONScanner) throws(JSONScanner.ParseError) -> Value
  ) throws(EventoError) -> Value {
    do {
      return try step(&scanner)
    } catch {
      throw failure(error)
    }
  }

  // MARK: Objects and arrays

  /// Reads an object: calls `read` at the value of each member.
  ///
  /// - Parameter table: The members that the object can have.
  /// - Returns: The members that it has.
  mutating func object<Member: MemberName>(
    _ members: Member.Type, in table: MemberTable<Member> = Member.table,
    _ read: (inout JSONReader, Member) throws(EventoError) -> Void
  ) throws(EventoError) -> MemberSet<Member>? {
    guard scanner.skip(UInt8(ascii: "{")) else { return try refuse("must be an object") }
    var seen = MemberSet<Member>()
    scanner.skipWhitespace()
    if scanner.skip(UInt8(ascii: "}")) { return seen }
    repeat {
      scanner.skipWhitespace()
      let name = try scan { scanner throws(JSONScanner.ParseError) in try scanner.skipString() }
      try scan { scanner throws(JSONScanner.ParseError) in
        try scanner.expect(UInt8(ascii: ":"), ": after a member's name")
      }
      scanner.skipWhitespace()
      guard let (member, index) = find(name, table) else {
        let text = name.isEscaped ? scanner.unescaped(name.content)[...] : scanner.bytes[name.content]
        try unknownMember(text, table)
        continue
      }
      path.append(.member(member.rawValue))
      if seen.insert(index) {
        try read(&self, member)
      } else {
        addError("is repeated. Send it once")
        try skip()
      }
      path.removeLast()
    } while isFollowed()
    try scan { scanner throws(JSONScanner.ParseError) in try scanner.expect(UInt8(ascii: "}"), ", or } in an object") }
    return seen
  }

  private func find<Member: MemberName>(
    _ name: (content: Range<Int>, isEscaped: Bool), _ table: MemberTable<Member>
  ) -> (member: Member, index: Int)? {
    guard name.isEscaped else { return table.find(scanner.bytes.span.extracting(name.content)) }
    let text = scanner.unescaped(name.content)
    return table.find(text.span)
  }

  private mutating func unknownMember<Member: MemberName>(
    _ name: ArraySlice<UInt8>, _ table: MemberTable<Member>
  ) throws(EventoError) {
    guard unknownMembers == .refused, recordsErrors else { return try skip() }
    let known = table.list
    guard Name.lengths.contains(name.count) else {
      addError("has an unknown member, whose name has \(name.count) bytes. Allowed members: \(known)")
      return try skip()
    }
    path.append(.member(String(decoding: name, as: UTF8.self)))
    addError("is unknown. Allowed members: \(known)")
    try skip()
    path.removeLast()
  }

  /// Reads an array: calls `read` at each element.
  ///
  /// - Returns: The number of elements.
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
    try scan { scanner throws(JSONScanner.ParseError) in try scanner.expect(UInt8(ascii: "]"), ", or ] in an array") }
    return count
  }

  private mutating func isFollowed() -> Bool {
    scanner.skipWhitespace()
    return scanner.skip(UInt8(ascii: ","))
  }

  // MARK: Values

  /// Skips a value of any type.
  mutating func skip() throws(EventoError) {
    _ = try scan { scanner throws(JSONScanner.ParseError) in try scanner.skipValue() }
  }

  /// Records an error and skips the value.
  mutating func refuse<Value>(_ detail: String) throws(EventoError) -> Value? {
    addError(detail)
    try skip()
    return nil
  }

  /// Returns whether the current value is `null`, and then skips it.
  mutating func null() throws(EventoError) -> Bool {
    guard scanner.next == UInt8(ascii: "n") else { return false }
    try skip()
    return true
  }

  /// Reads a string.
  mutating func string() throws(EventoError) -> String? {
    guard let string = try stringRange() else { return nil }
    guard string.isEscaped else {
      // Valid UTF-8, which the scanner has checked: nothing is repaired.
      return scanner.bytes.span.extracting(string.content).withUnsafeBufferPointer {
        String(decoding: $0, as: UTF8.self)
      }
    }
    guard let text = String(validating: scanner.unescaped(string.content), as: UTF8.self) else {
      // The scanner accepts only UTF-8, so this must be an escape.
      addError("must not contain half of a surrogate pair")
      return nil
    }
    return text
  }

  /// Reads a string as bytes, with its escapes decoded.
  mutating func stringBytes() throws(EventoError) -> ArraySlice<UInt8>? {
    guard let string = try stringRange() else { return nil }
    return string.isEscaped ? scanner.unescaped(string.content)[...] : scanner.bytes[string.content]
  }

  private mutating func stringRange() throws(EventoError) -> (content: Range<Int>, isEscaped: Bool)? {
    guard scanner.next == UInt8(ascii: "\"") else { return try refuse("must be a string") }
    return try scan { scanner throws(JSONScanner.ParseError) in try scanner.skipString() }
  }

  /// Reads a name or key, and checks it with ``Name``.
  mutating func name() throws(EventoError) -> String? {
    guard let text = try string() else { return nil }
    if let error = Name.error(in: text) {
      addError(error)
      return nil
    }
    return text
  }

  /// Reads an integer in decimal digits.
  mutating func integer(in range: ClosedRange<Int64>) throws(EventoError) -> Int64? {
    let start = scanner.offset
    try skip()
    guard let number = Int64(digits: scanner.bytes[start..<scanner.offset]), range.contains(number) else {
      addError("must be an integer from \(range.lowerBound) to \(range.upperBound), in decimal digits")
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
    guard let ulid = bytes.withUnsafeBytes({ ULID(utf8: $0) }) else {
      addError(ULID.rule)
      return nil
    }
    return ulid
  }

  /// - Throws: `invalid_cursor`.
  mutating func cursor() throws(EventoError) -> Cursor? {
    guard let text = try string() else { return nil }
    return try Cursor(wire: text, pointer)
  }

  /// Reads a cursor, or `now` for the end of the log.
  ///
  /// - Throws: `invalid_cursor`.
  mutating func start() throws(EventoError) -> Args.Start? {
    guard let text = try string() else { return nil }
    return try Args.Start(wire: text, pointer)
  }

  /// Reads the unchanged bytes of a value.
  ///
  /// - Throws: `content_too_large` if it has more than `limit` bytes.
  mutating func raw(
    _ what: String, limit: Int, _ members: JSONScanner.MemberRule = .any
  ) throws(EventoError) -> [UInt8] {
    let range = try scan { scanner throws(JSONScanner.ParseError) in try scanner.skipValue(members) }
    try check(range.count, of: what, limit: limit)
    return scanner.bytes.span.extracting(range).withUnsafeBufferPointer { Array($0) }
  }

  /// Reads a string as bytes, with its escapes decoded.
  ///
  /// - Throws: `content_too_large` if it has more than `limit` bytes.
  mutating func base64(_ what: String, limit: Int) throws(EventoError) -> [UInt8]? {
    guard let text = try stringBytes() else { return nil }
    guard let bytes = Base64.standard.decode(Array(text)) else {
      addError("must be base64 (RFC 4648 §4): padded with =, no other characters, unused bits zero")
      return nil
    }
    try check(bytes.count, of: what, limit: limit)
    return bytes
  }

  private func check(_ count: Int, of what: String, limit: Int) throws(EventoError) {
    guard count <= limit else {
      throw EventoError(
        .contentTooLarge, "\(what) at \(pointer) has \(count) bytes, but the limit is \(limit).")
    }
  }

  /// True if the current value is an object.
  var isAtObject: Bool { scanner.next == UInt8(ascii: "{") }
}
