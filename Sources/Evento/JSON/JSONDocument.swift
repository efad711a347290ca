internal import ByteCoding

/// A JSON text that is decoded: the tape of its values.
///
/// Decoders and containers are a reference to it and an index of the tape: small enough to need no memory of their own.
final class JSONDocument {
  let tape: JSONTape
  let dates: JSONCoder.Dates
  /// The path to the outermost value.
  private let rootPath: [any CodingKey]
  /// The members by their names, of objects that have many or unusual ones. Among equal names, as `String` compares them,
  /// the first one counts, as in Foundation.
  private var tables: [Int: [String: Int]] = [:]

  init(_ text: [UInt8], _ dates: JSONCoder.Dates) throws(JSONScanner.ParseError) {
    self.dates = dates
    tape = try JSONTape(text)
    rootPath = []
  }

  /// Creates the document of a member that is missing, but can be decoded as a `null`.
  init(missing path: [any CodingKey], _ dates: JSONCoder.Dates) {
    self.dates = dates
    tape = .null
    rootPath = path
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

  /// Prepares an object for looking its members up.
  ///
  /// - Returns: True if it has a table.
  @inline(__always)
  func makeTable(of object: Int) throws -> Bool {
    guard tape.kind(object) != .object || tape.count(object) > Self.maximumSearched else { return false }
    try fillTable(of: object)
    return true
  }

  @inline(never)
  private func fillTable(of object: Int) throws {
    guard tables[object] == nil else { return }
    var table: [String: Int] = [:]
    table.reserveCapacity(tape.count(object))
    for index in tape.children(of: object) {
      let name = tape.name(index)
      guard let text = string(name.content, isEscaped: name.isEscaped) else {
        throw corrupted(object, "The name of a member has half of a surrogate pair.")
      }
      if table[text] == nil { table[text] = index }
    }
    tables[object] = table
  }

  /// Returns the index of an object's member.
  @inline(__always)
  func member(_ name: String, of object: Int, hasTable: Bool) -> Int? {
    if hasTable { return tables[object]?[name] }
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
  func names(of object: Int) -> [String] {
    // In the order of the text, so that equal text is always decoded in the same order.
    if let table = tables[object] { return table.sorted { $0.value < $1.value }.map(\.key) }
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
