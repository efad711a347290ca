internal import ArgumentParser
internal import EventoSQLite

struct RestoreCommand: AsyncParsableCommand, SignalTaker {
  static let signals = CopyRun.signals

  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Put a backup in the place of a store that no gateway serves.",
    discussion: """
      All of it or nothing; refused while another process has the database open. Cursors that are younger than the \
      backup are refused from then on. EVENTO_DATABASE counts here too.
      """)

  @Argument(help: "The backup; it stays as it is.")
  var file: String

  @Option(help: "The database file, created if it does not exist.")
  var database = ServeCommand.defaultDatabase

  @Flag(help: "Replace a store that has events; they are gone then.")
  var replace = false

  func run() async throws {
    let copy = try await CopyRun.run("Restoring \(database)") { [database, file, replace] progress in
      try await SQLiteExecutor.restore(
        database, from: file, replacing: replace, replacingSetting: "--replace", progress: progress)
    }
    print(TerminalText.escaped("Restored \(copy.summary), from \(file) to \(database)."))
  }
}
