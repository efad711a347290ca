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
    // Most text is plain ASCII.
    if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return String(text) }
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      // C0, DEL and C1; bidirectional controls and zero-width characters; line separators; unassigned characters, and
      // those that each terminal interprets its own way.
      case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .surrogate, .privateUse:
        escaped += escape(scalar)
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
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
