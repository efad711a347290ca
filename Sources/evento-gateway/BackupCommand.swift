internal import ArgumentParser
internal import EventoSQLite

struct BackupCommand: AsyncParsableCommand, SignalHandling {
  static let signals = LongOperation.signals

  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Back up a SQLite store, even while a gateway is serving it.",
    discussion: """
      The copy is consistent and has every confirmed event. It appears under its name only when it is complete and on \
      disk. Ctrl-C removes a partial copy. EVENTO_DATABASE can be set instead of --database.
      """)

  @Argument(help: "Path of the copy, which must not exist.")
  var file: String

  @OptionGroup var options: FileDatabaseOptions

  func run() async throws {
    let database = options.path
    let copy = try await LongOperation.run("Copying \(database)") { [file] progress in
      try await SQLiteExecutor.backUp(database, to: file, progress: progress)
    }
    try LongOperation.report("Copied \(copy.summary), from \(database) to \(file).")
  }
}
