public import ArgumentParser
public import EventoGateway

struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Make tokens.", subcommands: [Create.self])

  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "create",
      abstract: "Make a token: print it once, and the line for the token file.",
      discussion: "The file keeps the token's SHA-256 alone, so what is printed here can't be had again.")

    @Option(help: "read, write or admin.")
    var role: Role

    @Option(help: "What the token is known by; no blanks.")
    var name = "token"

    func validate() throws {
      guard !name.isEmpty, !name.hasPrefix("#"), !name.contains(where: \.isWhitespace) else {
        throw ValidationError("--name is a word without blanks that does not begin with #, and is \"\(name)\".")
      }
    }

    func run() {
      let token = Token.fresh()
      print("token: \(token)")
      print("line for the token file: \(TokenSet.line(name: name, role: role, token: token))")
    }
  }
}

extension Role: ExpressibleByArgument {}
