internal import ArgumentParser

/// The options of `serve` that everyone needs: help shows them first.
struct BasicOptions: ParsableArguments {
  @Option(
    help: """
      Path of the database file, created if it does not exist, or a postgresql:// URL. ":memory:" keeps events only \
      until the gateway stops. (default: \(ServeCommand.defaultDatabase))
      """)
  var database: String?

  @Option(help: "Name or address to listen on.")
  var host = "127.0.0.1"

  @Option(parsing: .unconditional, help: "Port to listen on; 0 selects a free one.")
  var port = Number(8080)

  @Option(
    help: ArgumentHelp(
      "File of access tokens, one per line: <name> <role> sha256:<digits>. See 'token create'.",
      valueName: "file"))
  var tokenFile: String?

  @Flag(help: "Allow access without tokens from other machines.")
  var allowAnonymous = false

  @Flag(help: "Fail if the store does not exist (for example, on an unmounted volume), instead of creating it.")
  var databaseMustExist = false

  // Not `databaseURLFile`: the option is named by the words of the property.
  @Option(
    help: ArgumentHelp(
      "File with the postgresql:// URL, so that a password in it does not appear in the list of processes.",
      valueName: "file"))
  var databaseUrlFile: String?

  @Option(help: ArgumentHelp("PostgreSQL schema of the tables.", valueName: "name"))
  var databaseSchema: String?
}
