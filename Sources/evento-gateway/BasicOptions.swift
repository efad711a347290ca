internal import ArgumentParser

/// What everyone who runs `serve` decides: help shows it first.
struct BasicOptions: ParsableArguments {
  @Option(help: "The database file, created if it does not exist. \":memory:\" keeps events until the gateway stops.")
  var database = ServeCommand.defaultDatabase

  @Option(help: "The name or address to listen on.")
  var host = "127.0.0.1"

  @Option(help: "The port to listen on; 0 takes a free one.")
  var port = PortNumber(8080)

  @Option(
    help: ArgumentHelp(
      "The tokens that are taken, a line each: <name> <role> sha256:<digits>. See 'token create'.",
      valueName: "file"))
  var tokenFile: String?

  @Flag(help: "Allow access without tokens from other machines.")
  var allowAnonymous = false

  @Flag(help: "Do not create a database; fail if it is missing (for example, an unmounted volume).")
  var databaseMustExist = false
}
