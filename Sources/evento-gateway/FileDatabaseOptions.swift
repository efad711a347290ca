internal import ArgumentParser

/// The database of `backup` and `restore`, which is a file.
struct FileDatabaseOptions: ParsableArguments {
  @Option(help: "Path of the database file. (default: \(ServeCommand.defaultDatabase))")
  var database: String?

  /// Only for an error that says what to use instead.
  @Option(help: .hidden)
  var databaseUrlFile: String?

  var path: String { database ?? ServeCommand.defaultDatabase }

  func validate() throws {
    let choice = DatabaseChoice(ServeCommand.databaseNames, database: database, urlFile: databaseUrlFile, default: path)
    try choice.check()
    guard let option = choice.serverOption else { return }
    throw ValidationError(
      "\(option) names a PostgreSQL database, but this command needs a SQLite file. Use pg_basebackup or pg_dump: see "
        + "docs/postgresql.md.")
  }
}
