/// All values of a JSON text in their order, with their positions: the text is scanned and checked once, and each value
/// is then found, or skipped with everything in it, in one step.
///
/// Each entry has its parent, and its name or its number in it, so that the path to a value need not be kept.
@usableFromInline
package struct JSONTape: Sendable {
  /// The maximum depth of nested arrays and objects: that of Foundation's decoder. Types that decode themselves
  /// recursively need stack for each level.
  package static let maximumDepth = 512
  /// The index of the outermost value.
  @inlinable package static var root: Int { 0 }

  @usableFromInline
  package enum Kind: UInt8, Sendable {
    case null, `true`, `false`, number
    /// A string of ASCII without escapes.
    case asciiString
    /// Another string without escapes.
    case string
    case escapedString
    case array, object
    /// An object with a name that has escapes or is not ASCII.
    case objectWithUnusualNames
  }

  /// One value.
  @usableFromInline
  package struct Entry: Sendable {
    // In this order, an entry has 28 bytes.
    @usableFromInline let name: Name
    @usableFromInline package fileprivate(set) var kind: Kind
    /// The index of the array or object that it is in.
    @usableFromInline let parent: UInt32
    /// The index of the first byte of a string's content or a number.
    @usableFromInline let start: UInt32
    /// The number of bytes of a string's content or a number, or the number of values in an array or object.
    @usableFromInline fileprivate(set) var length: UInt32
    /// The index of the next entry that is not in this one.
    @usableFromInline fileprivate(set) var end: UInt32
  }

  /// The name of a member, or the number of an array's element.
  @usableFromInline
  struct Name: Sendable {
    /// The index of the first byte of the name's content; the number of an element.
    @usableFromInline var start: UInt32 = 0
    @usableFromInline var length: UInt32 = 0
    @usableFromInline var isEscaped = false
  }

  /// The text with the values.
  package let text: [UInt8]
  @usableFromInline package private(set) var entries: [Entry] = []

  /// Scans a text, which may begin with a byte order mark.
  ///
  /// - Throws: An error of syntax or of depth.
  /// - Complexity: O(*n*) in the length of the text.
  package init(_ text: [UInt8]) throws(JSONScanner.ParseError) {
    self.text = text
    // SQLite stores no longer value either (https://sqlite.org/limits.html).
    guard text.count <= Int32.max else { throw JSONScanner(text).error("longer than 2 GiB") }
    // A value of a typical payload has more than eight bytes with its name.
    entries.reserveCapacity(min(text.count / 8 + 4, 1024))
    let start = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    try text.withUnsafeBufferPointer { bytes throws(JSONScanner.ParseError) in
      var cursor = JSONCursor(text, bytes, at: start)
      try scan(&cursor)
    }
  }

  private init(_ entries: [Entry]) {
    text = []
    self.entries = entries
  }

  /// The tape of `null`.
  package static let null = JSONTape([Entry(name: Name(), kind: .null, parent: none, start: 0, length: 0, end: 1)])

  // MARK: Scanning

  private static let none = UInt32.max

  @inline(__always)
  private mutating func scan(_ cursor: inout JSONCursor) throws(JSONScanner.ParseError) {
    var (parent, depth) = (Self.none, 0)
    // Of the parent.
    var (kind, count) = (Kind.null, UInt32(0))
    var name = Name()
    cursor.skipWhitespace()
    while true {
      if let opened = try scanValue(&cursor, parent, name) {
        guard depth < Self.maximumDepth else {
          throw cursor.error("nested more than \(Self.maximumDepth) levels deep", .depth)
        }
        if parent != Self.none { entries[Int(parent)].length = count }
        (parent, depth) = (UInt32(entries.count - 1), depth + 1)
        (kind, count) = (opened, 0)
        cursor.skipWhitespace()
        if cursor.next != kind.end {
          name = try scanName(&cursor, in: parent, kind, &count)
          continue
        }
      }
      // The ends of the arrays and objects that the value is the last one of.
      while true {
        cursor.skipWhitespace()
        guard parent != Self.none else {
          guard cursor.isAtEnd else { throw cursor.error("expected nothing after the value") }
          return
        }
        if cursor.skip(UInt8(ascii: ",")) {
          cursor.skipWhitespace()
          name = try scanName(&cursor, in: parent, kind, &count)
          break
        }
        guard cursor.skip(kind.end) else {
          throw cursor.error(kind == .array ? "expected , or ] in an array" : "expected , or } in an object")
        }
        entries[Int(parent)].length = count
        entries[Int(parent)].end = UInt32(entries.count)
        (parent, depth) = (entries[Int(parent)].parent, depth - 1)
        if parent != Self.none { (kind, count) = (entries[Int(parent)].kind, entries[Int(parent)].length) }
      }
    }
  }

  /// Scans a scalar, or the beginning of an array or object.
  ///
  /// - Returns: The kind of an array or object.
  @inline(__always)
  private mutating func scanValue(
    _ cursor: inout JSONCursor, _ parent: UInt32, _ name: Name
  ) throws(JSONScanner.ParseError) -> Kind? {
    var (kind, content) = (Kind.null, cursor.offset..<cursor.offset)
    let byte = cursor.next
    switch byte {
    case UInt8(ascii: "\""):
      let string = try cursor.skipString()
      kind = string.isEscaped ? .escapedString : string.isASCII ? .asciiString : .string
      content = string.content
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      let start = cursor.offset
      try cursor.skipNumber()
      (kind, content) = (.number, start..<cursor.offset)
    case UInt8(ascii: "{"): kind = .object
    case UInt8(ascii: "["): kind = .array
    case UInt8(ascii: "t"):
      kind = .true
      try cursor.skipWord("true")
    case UInt8(ascii: "f"):
      kind = .false
      try cursor.skipWord("false")
    case UInt8(ascii: "n"): try cursor.skipWord("null")
    default: throw cursor.error("expected a value")
    }
    entries.append(
      Entry(
        name: name, kind: kind, parent: parent, start: UInt32(truncatingIfNeeded: content.lowerBound),
        length: UInt32(truncatingIfNeeded: content.count), end: UInt32(truncatingIfNeeded: entries.count + 1)))
    guard kind == .object || kind == .array else { return nil }
    _ = cursor.skip(byte)
    return kind
  }

  /// Scans the name of an object's next member with its colon; for an array, it only counts the element.
  @inline(__always)
  private mutating func scanName(
    _ cursor: inout JSONCursor, in parent: UInt32, _ kind: Kind, _ count: inout UInt32
  ) throws(JSONScanner.ParseError) -> Name {
    defer { count += 1 }
    guard kind != .array else { return Name(start: count) }
    let string = try cursor.skipString()
    try cursor.skipColon()
    if string.isEscaped || !string.isASCII { entries[Int(parent)].kind = .objectWithUnusualNames }
    return Name(
      start: UInt32(truncatingIfNeeded: string.content.lowerBound),
      length: UInt32(truncatingIfNeeded: string.content.count), isEscaped: string.isEscaped)
  }
}

extension JSONTape.Kind {
  fileprivate var end: UInt8 { self == .array ? UInt8(ascii: "]") : UInt8(ascii: "}") }
}

// MARK: - Reading

extension JSONTape {
  @inlinable package func kind(_ index: Int) -> Kind { entries[index].kind }

  /// The bytes of a string's content, with its escapes, or of a number.
  @inlinable
  package func content(_ index: Int) -> Range<Int> {
    let entry = entries[index]
    return Int(entry.start)..<Int(entry.start) + Int(entry.length)
  }

  /// The number of values in an array or object.
  @inlinable package func count(_ index: Int) -> Int { Int(entries[index].length) }

  /// The index of the value after this one and all that is in it.
  @inlinable package func end(_ index: Int) -> Int { Int(entries[index].end) }

  /// The array or object that a value is in; `nil` for the root.
  @inlinable
  package func parent(_ index: Int) -> Int? {
    index == Self.root ? nil : Int(entries[index].parent)
  }

  /// The number of a value in its array.
  @inlinable package func position(_ index: Int) -> Int { Int(entries[index].name.start) }

  /// The bytes of a member's name, with its escapes.
  @inlinable
  package func name(_ index: Int) -> (content: Range<Int>, isEscaped: Bool) {
    let name = entries[index].name
    return (Int(name.start)..<Int(name.start) + Int(name.length), name.isEscaped)
  }

  /// The indexes of the values in an array or object.
  package func children(of index: Int) -> some Sequence<Int> {
    let end = end(index)
    return sequence(state: index + 1) { next in
      guard next < end else { return nil }
      defer { next = self.end(next) }
      return next
    }
  }

  /// Returns the index of an object's first member with a name, compared by bytes.
  ///
  /// - Complexity: O(*n*) in the number of members.
  package func member(_ name: UnsafeBufferPointer<UInt8>, of object: Int) -> Int? {
    let (name, count, end) = (UnsafeRawPointer(name.baseAddress), name.count, end(object))
    // In bounds: the scan of this text wrote every index, and nothing changes either afterwards.
    return entries.withUnsafeBufferPointer { entries in
      text.withUnsafeBytes { text in
        guard let text = text.baseAddress, let name else { return nil }
        var index = object + 1
        while index < end {
          let other = entries[index].name
          if Int(other.length) == count, Self.areEqual(text + Int(other.start), name, count) { return index }
          index = Int(entries[index].end)
        }
        return nil
      }
    }
  }

  /// Compares short texts of one length, eight or four bytes at a time. The last ones may overlap those before.
  @inline(__always)
  private static func areEqual(_ first: UnsafeRawPointer, _ second: UnsafeRawPointer, _ count: Int) -> Bool {
    func areEqual<Word: FixedWidthInteger>(at index: Int, _: Word.Type) -> Bool {
      first.loadUnaligned(fromByteOffset: index, as: Word.self)
        == second.loadUnaligned(fromByteOffset: index, as: Word.self)
    }
    guard count >= 4 else { return (0..<count).allSatisfy { areEqual(at: $0, UInt8.self) } }
    guard count >= 8 else { return areEqual(at: 0, UInt32.self) && areEqual(at: count - 4, UInt32.self) }
    var index = 0
    while index + 8 < count {
      guard areEqual(at: index, UInt64.self) else { return false }
      index += 8
    }
    return areEqual(at: count - 8, UInt64.self)
  }
}
