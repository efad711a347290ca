internal import ArgumentParser
internal import ByteCoding
internal import Evento
internal import EventoGateway
internal import Foundation

struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Create access tokens.", subcommands: [Create.self])

  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "create",
      abstract: "Create a token and its line for the token file.",
      discussion: """
        The line goes to standard output and the token to standard error; with --append, the line goes to the file and the \
        token to standard output. The file holds only the token's SHA-256: the token can't be printed again.
        """)

    @Option(help: "Role of the token: read, write or admin.")
    var role: Role

    @Option(help: "Name of the token, without spaces.")
    var name = "token"

    @Option(
      help: ArgumentHelp("Append the line to this token file, created with permissions 600.", valueName: "file"))
    var append: String?

    func validate() throws {
      guard !name.isEmpty else { throw ValidationError("--name must not be empty.") }
      guard !name.hasPrefix("#"), !name.contains(where: \.isWhitespace) else {
        throw ValidationError("--name must not contain spaces or begin with #; got \"\(name)\".")
      }
      // Characters that a token file can't have in a name, or that would be invisible.
      let file = TokenSet.line(name: name, role: role, token: "")
      guard (try? TokenSet(file: file))?.entries.map(\.name) == [name], Name.error(in: name) == nil else {
        throw ValidationError("--name must have at most 255 bytes and no control characters or byte order marks.")
      }
    }

    func run() throws {
      // A reader that has exited causes a write error, after which the file is truncated to its old size.
      signal(SIGPIPE, SIG_IGN)
      let token = TokenSet.makeToken()
      let line = TokenSet.line(name: name, role: role, token: token)
      if let append {
        try TokenFile.append(line, name: name, to: append) { try StandardOutput.print(token) }
        explain(
          "Appended \"\(name)\" to \(append). Send the gateway SIGHUP to load it. The token is on standard output; it can't "
            + "be shown again.")
      } else {
        try StandardOutput.print(line)
        let instruction =
          isatty(STDOUT_FILENO) == 1
          ? "Add the line above to the token file." : "The line for the token file went to standard output."
        guard explain("\(instruction) This is the token; it can't be shown again:\n\(token)") else {
          // Standard error is also where an error would go.
          throw ExitCode.failure
        }
      }
    }

    /// Writes to standard error, so that standard output has only what a script needs.
    @discardableResult private func explain(_ text: String) -> Bool {
      StandardError.write(text.split(separator: "\n").map { PrintableText.escaped($0) + "\n" }.joined())
    }
  }
}

extension Role: ExpressibleByArgument {}
