internal import ArgumentParser
internal import EventoSQLite

struct BackupCommand: AsyncParsableCommand, SignalTaker {
  static let signals = CopyRun.signals

  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy a store while a gateway serves it.",
    discussion: """
      The copy is the store of one moment, with every event that was answered before. It appears under its name once it \
      is complete and on disk. Ctrl-C removes a partial copy. EVENTO_DATABASE counts here too.
      """)

  @Argument(help: "File to create; it must not exist.")
  var file: String

  @Option(help: "The database file.")
  var database = ServeCommand.defaultDatabase

  func run() async throws {
    let copy = try await CopyRun.run("Copying \(database)") { [database, file] progress in
      try await SQLiteExecutor.backUp(database, to: file, progress: progress)
    }
    print(TerminalText.escaped("Copied \(copy.summary), from \(database) to \(file)."))
  }
}

extension SQLiteExecutor.Copy {
  /// In words, for whoever ran the command.
  var summary: String { "\(events) \(events == 1 ? "event" : "events"), \(bytes) bytes" }
}
