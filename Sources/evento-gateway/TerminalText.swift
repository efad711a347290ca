internal import Evento

/// Makes text from outside safe to print on a terminal.
///
/// Data from a gateway, a client or a backup can contain anything. A terminal interprets control characters as
/// commands, which can change what is on the screen or what is typed next, and reverses text at bidirectional controls.
/// Everything that a command prints for people goes through here; `tail --json`, which is for programs, does not.
enum TerminalText {
  /// Returns the text on one line: characters that a terminal interprets or does not show are escaped as in Swift,
  /// `\u{9B}`.
  static func escaped(_ text: some StringProtocol) -> String {
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

/// An error of a command's work as text for a person, without its code. Text from a gateway or a file is escaped.
struct PrintedError: Error, CustomStringConvertible {
  let description: String

  init(_ error: any Error) {
    description = TerminalText.escaped((error as? EventoError)?.detail ?? "\(error)")
  }
}
