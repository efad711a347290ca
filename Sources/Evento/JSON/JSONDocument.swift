internal import ByteCoding

/// A JSON text that is decoded: the tape of its values.
///
/// Decoders and containers are a reference to it and an index of the tape: small enough to need no memory of their own.
final class JSONDocument {
  let tape: JSONTape
  let dates: JSONCoder.Dates
  /// The path to the outermost value.
  private let rootPath: [any CodingKey]
  /// The members of one object by their names, for a container that needs it. Among equal names, as `String` compares
  /// them, the first one counts, as in Foundation.
  private let table: [String: Int]

  private init(_ tape: JSONTape, _ dates: JSONCoder.Dates, path: [any CodingKey] = [], table: [String: Int] = [:]) {
    self.tape = tape
    self.dates = dates
    rootPath = path
    self.table = table
  }

  convenience init(_ text: [UInt8], _ dates: JSONCoder.Dates) throws(JSONScanner.ParseError) {
    self.init(try JSONTape(text), dates)
  }

  /// Creates the document of a member that is missing, but can be decoded as a `null`.
  convenience init(missing path: [any CodingKey], _ dates: JSONCoder.Dates) {
    self.init(.null, dates, path: path)
  }

  var text: [UInt8] { tape.text }

  /// Returns the string of some bytes, or `nil` if an escape is half of a surrogate pair.
  func string(_ content: Range<Int>, isEscaped: Bool) -> String? {
    guard isEscaped else {
      return text.withUnsafeBufferPointer { String(decoding: $0[content], as: UTF8.self) }
    }
    return String(validating: JSONScanner(text).unescaped(content), as: UTF8.self)
  }

  // MARK: Members

  /// Up to so many members, whose names are ASCII without escapes, are found one after the other.
  private static let maximumSearched = 16

  /// Returns true if the members of an object are found by a table.
  func needsTable(_ object: Int) -> Bool {
    tape.kind(object) != .object || tape.count(object) > Self.maximumSearched
  }

  /// Returns a document with the table of an object. It lives as long as the object's container, and not as long as this
  /// one: there may be many objects.
  func withTable(of object: Int) throws -> JSONDocument {
    var table: [String: Int] = [:]
    table.reserveCapacity(tape.count(object))
    for index in tape.children(of: object) {
      let name = tape.name(index)
      guard let text = string(name.content, isEscaped: name.isEscaped) else {
        throw corrupted(object, "The name of a member has half of a surrogate pair.")
      }
      if table[text] == nil { table[text] = index }
    }
    return JSONDocument(tape, dates, path: rootPath, table: table)
  }

  /// Returns the index of an object's member.
  @inline(__always)
  func member(_ name: String, of object: Int, hasTable: Bool) -> Int? {
    if hasTable { return table[name] }
    // Nearly all strings are contiguous.
    let found = name.utf8.withContiguousStorageIfAvailable { tape.member($0, of: object) }
    return found.flatMap { $0 } ?? equivalentMember(name, of: object)
  }

  /// Returns a member with an equal name of other bytes: U+212A, the sign of Kelvin, is equal to the letter K.
  @inline(never)
  private func equivalentMember(_ name: String, of object: Int) -> Int? {
    guard name.utf8.withContiguousStorageIfAvailable(ASCII.isASCII) != true else { return nil }
    return tape.children(of: object).first { self.name(of: $0) == name }
  }

  /// Returns the names of an object's members, each one once.
  func names(of object: Int, hasTable: Bool) -> [String] {
    // In the order of the text, so that equal text is always decoded in the same order.
    if hasTable { return table.sorted { $0.value < $1.value }.map(\.key) }
    var names: [String] = []
    for index in tape.children(of: object) {
      let name = name(of: index)
      if !names.contains(name) { names.append(name) }
    }
    return names
  }

  private func name(of index: Int) -> String {
    let name = tape.name(index)
    guard name.isEscaped else { return String(decoding: text[name.content], as: UTF8.self) }
    // Half of a surrogate pair is replaced by U+FFFD, for a path.
    return String(decoding: JSONScanner(text).unescaped(name.content), as: UTF8.self)
  }

  // MARK: Paths

  /// Returns the path to a value.
  func path(to index: Int) -> [any CodingKey] {
    var path: [any CodingKey] = []
    var index = index
    while let parent = tape.parent(index) {
      path.append(
        tape.kind(parent) == .array
          ? JSONKey(index: tape.position(index)) : JSONKey(stringValue: name(of: index)))
      index = parent
    }
    return rootPath + path.reversed()
  }
}
