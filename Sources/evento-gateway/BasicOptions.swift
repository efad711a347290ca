internal import ArgumentParser

/// What everyone who runs `serve` decides: help shows it first.
struct BasicOptions: ParsableArguments {
  @Option(help: "The database file; made where there is none. :memory: keeps the events for as long as it runs.")
  var database = ServeCommand.defaultDatabase

  @Option(help: "The name or address to listen on.")
  var host = "127.0.0.1"

  @Option(help: "The port to listen on; 0 takes a free one.")
  var port: UInt16 = 8080

  @Option(
    help: ArgumentHelp(
      "The tokens that are taken, a line each: <name> <role> sha256:<digits>. See 'token create'.",
      valueName: "file"))
  var tokenFile: String?

  @Flag(help: "Serve anyone, without tokens, on other addresses than those of this machine too.")
  var allowAnonymous = false

  @Flag(help: "Refuse to create a database: for a volume that may not be mounted.")
  var databaseMustExist = false
}
