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

    @Option(help: "Name of the token, without spaces.")
    var name = "token"

    @Option(
      help: ArgumentHelp("Append the line to this token file; created with the permissions 600.", valueName: "file"))
    var append: String?

    func validate() throws {
      guard !name.isEmpty else { throw ValidationError("--name must not be empty.") }
      guard !name.hasPrefix("#"), !name.contains(where: \.isWhitespace) else {
        throw ValidationError("--name must not contain spaces or begin with #; got \"\(name)\".")
      }
    }

    func run() throws {
      let token = Token.fresh()
      let line = TokenSet.line(name: name, role: role, token: token)
      if let append {
        try TokenSource.append(line, name: name, to: append)
        print(token)
        explain(
          "Appended \"\(name)\" to \(append). Send the gateway SIGHUP to load it. The token is on standard output; it can't "
            + "be shown again.")
      } else {
        print(line)
        let place =
          isatty(STDOUT_FILENO) == 1
          ? "Add the line above to the token file." : "The line for the token file went to standard output."
        explain("\(place) This is the token; it can't be shown again:\n\(token)")
      }
    }

    /// On standard error, so that standard output has what a script needs and nothing else.
    private func explain(_ text: String) {
      // What is printed is to come first where both are a terminal.
      fflush(nil)
      let lines = text.split(separator: "\n").map { TerminalText.escaped($0) + "\n" }
      FileHandle.standardError.write(Data(lines.joined().utf8))
    }
  }
}

extension Role: ExpressibleByArgument {}
