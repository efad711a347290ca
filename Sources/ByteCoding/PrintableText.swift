/// Makes text from outside safe to print on a terminal, or to log on one line.
///
/// Data from a gateway, a client or a backup can contain anything. A terminal interprets control characters as
/// commands, which can change what is on the screen or what is typed next, and reverses text at bidirectional controls.
/// A reader of a log takes a line end for the end of an entry. Everything that a command prints for people, or that the
/// library logs, goes through here; `tail --json`, which is for programs, does not.
package enum PrintableText {
  /// Returns the text on one line: characters that a terminal interprets or does not show are escaped as in Swift,
  /// `\u{9B}`.
  package static func escaped(_ text: some StringProtocol) -> String {
    if isPlain(text) { return String(text) }
    var escaped = ""
    for scalar in text.unicodeScalars {
      if mustEscape(scalar) { escaped += escape(scalar) } else { escaped.unicodeScalars.append(scalar) }
    }
    return escaped
  }

  /// Returns true if the text is printable ASCII, as most text is.
  fileprivate static func isPlain(_ text: some StringProtocol) -> Bool {
    text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
  }

  fileprivate static func mustEscape(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    // C0, DEL and C1; bidirectional controls and zero-width characters; line separators; unassigned characters, and
    // those that each terminal interprets its own way.
    case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .surrogate, .privateUse: true
    default: false
    }
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    }
  }
}

extension JSONWriter {
  /// Writes a string like ``write(string:)``, with escapes also for the other characters that ``PrintableText`` escapes,
  /// so that it can be printed as it is.
  package mutating func write(printableString text: String) {
    guard !PrintableText.isPlain(text) else { return write(string: text) }
    var escaped: [UInt8] = [UInt8(ascii: "\"")]
    for scalar in text.unicodeScalars {
      if PrintableText.mustEscape(scalar) {
        for unit in UTF16.encode(scalar).map(Array.init) ?? [] {
          let (high, low) = (UInt8(unit >> 8), UInt8(truncatingIfNeeded: unit))
          escaped += "\\u\(Hex.encode([high, low]))".utf8
        }
      } else {
        if scalar == "\"" || scalar == "\\" { escaped.append(UInt8(ascii: "\\")) }
        escaped += String(scalar).utf8
      }
    }
    escaped.append(UInt8(ascii: "\""))
    write(json: escaped)
  }
}
