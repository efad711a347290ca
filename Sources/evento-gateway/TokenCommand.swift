public import ArgumentParser
public import EventoGateway
internal import Foundation

struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Make tokens.", subcommands: [Create.self])

  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "create",
      abstract: "Make a token, and its line for the token file.",
      discussion: """
        The line goes to standard output and the token to standard error; with --append, the line goes to the file and the \
        token to standard output. The file has only the token's SHA-256: the token can't be printed again.
        """)

    @Option(help: "read, write or admin.")
    var role: Role

    @Option(help: "What the token is known by; no blanks.")
    var name = "token"

    @Option(
      help: ArgumentHelp("Append the line to this token file; created with the permissions 600.", valueName: "file"))
    var append: String?

    func validate() throws {
      guard !name.isEmpty, !name.hasPrefix("#"), !name.contains(where: \.isWhitespace) else {
        throw ValidationError("--name is a word without blanks that does not begin with #, and is \"\(name)\".")
      }
    }

    func run() throws {
      let token = Token.fresh()
      let line = TokenSet.line(name: name, role: role, token: token)
      if let append {
        try TokenSource.append(line, to: append)
        print(token)
        explain("Appended \"\(name)\" to \(append). The token, which can't be printed again, is on standard output.")
      } else {
        print(line)
        explain("The line above is for the token file. The token, which can't be printed again:\n\(token)")
      }
    }

    /// On standard error, so that standard output has what a script needs and nothing else.
    private func explain(_ text: String) {
      // What is printed is to come first where both are a terminal.
      fflush(nil)
      FileHandle.standardError.write(Data((text + "\n").utf8))
    }
  }
}

extension Role: ExpressibleByArgument {}
