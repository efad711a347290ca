/// The grammar of RFC 8259 as it stands there, production by production: slow, and of any depth.
struct Grammar {
  private var rest: ArraySlice<Unicode.Scalar>

  /// Whether bytes are `JSON-text` (§2), in UTF-8 (§8.1).
  static func isJSON(_ bytes: [UInt8]) -> Bool {
    guard let text = String(validating: bytes, as: UTF8.self) else { return false }
    var grammar = Grammar(rest: Array(text.unicodeScalars)[...])
    return grammar.element() && grammar.rest.isEmpty
  }

  /// `ws value ws`, which is what all values stand in.
  private mutating func element() -> Bool {
    whiteSpace()
    guard value() else { return false }
    whiteSpace()
    return true
  }

  private mutating func whiteSpace() {
    while let scalar = rest.first, "\u{20}\u{09}\u{0A}\u{0D}".unicodeScalars.contains(scalar) { rest.removeFirst() }
  }

  private mutating func take(_ text: String) -> Bool {
    guard rest.starts(with: text.unicodeScalars) else { return false }
    rest.removeFirst(text.unicodeScalars.count)
    return true
  }

  private mutating func take(oneOf range: ClosedRange<Unicode.Scalar>...) -> Bool {
    guard let scalar = rest.first, range.contains(where: { $0.contains(scalar) }) else { return false }
    rest.removeFirst()
    return true
  }

  // MARK: §3 to §5

  private mutating func value() -> Bool {
    let start = rest
    let productions: [(inout Grammar) -> Bool] = [
      { $0.take("false") || $0.take("null") || $0.take("true") }, { $0.object() }, { $0.array() }, { $0.number() },
      { $0.string() },
    ]
    return productions.contains { production in
      rest = start
      return production(&self)
    }
  }

  private mutating func object() -> Bool {
    list("{", "}") { grammar in
      grammar.whiteSpace()
      guard grammar.string() else { return false }
      grammar.whiteSpace()
      return grammar.take(":") && grammar.element()
    }
  }

  private mutating func array() -> Bool {
    list("[", "]") { $0.element() }
  }

  private mutating func list(_ begin: String, _ end: String, _ element: (inout Grammar) -> Bool) -> Bool {
    guard take(begin) else { return false }
    whiteSpace()
    if take(end) { return true }
    repeat {
      guard element(&self) else { return false }
    } while take(",")
    return take(end)
  }

  // MARK: §6

  private mutating func number() -> Bool {
    _ = take("-")
    guard take("0") || take(oneOf: "1"..."9") && digits(atLeast: 0) else { return false }
    if take("."), !digits(atLeast: 1) { return false }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      return digits(atLeast: 1)
    }
    return true
  }

  private mutating func digits(atLeast minimum: Int) -> Bool {
    var count = 0
    while take(oneOf: "0"..."9") { count += 1 }
    return count >= minimum
  }

  // MARK: §7

  private mutating func string() -> Bool {
    guard take("\"") else { return false }
    while !take("\"") {
      guard take(oneOf: "\u{20}"..."\u{21}", "\u{23}"..."\u{5B}", "\u{5D}"..."\u{10FFFF}") || escape() else {
        return false
      }
    }
    return true
  }

  private mutating func escape() -> Bool {
    guard take("\\") else { return false }
    if take("u") { return (0..<4).allSatisfy { _ in take(oneOf: "0"..."9", "A"..."F", "a"..."f") } }
    return ["\"", "\\", "/", "b", "f", "n", "r", "t"].contains { take($0) }
  }
}
