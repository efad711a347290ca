internal import Evento

/// Makes text that the command did not write itself fit for a terminal.
///
/// What a gateway, a client or a backup holds may be anything. A terminal takes control characters for commands, which can
/// change what is on the screen or what is typed next, and turns text around at bidirectional controls. Whatever a
/// command prints for people goes through here; `tail --json`, which is for programs, does not.
enum TerminalText {
  /// Returns the text on one line: characters that a terminal acts on, or does not show, are escaped as in Swift,
  /// `\u{9B}`.
  static func escaped(_ text: some StringProtocol) -> String {
    // Most text is plain ASCII.
    if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return String(text) }
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      // C0, DEL and C1; bidirectional controls and what has no width; what ends a line; what means nothing, or what each
      // terminal likes.
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

/// An error of a command's work, as a person reads it: without the code that it has for programs. What a gateway or a file
/// says is part of its text.
struct PrintedError: Error, CustomStringConvertible {
  let description: String

  init(_ error: any Error) {
    description = TerminalText.escaped((error as? EventoError)?.detail ?? "\(error)")
  }
}
