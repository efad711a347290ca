internal import ArgumentParser
internal import EventoSQLite

struct RestoreCommand: AsyncParsableCommand, SignalHandling {
  static let signals = LongOperation.signals

  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Restore a backup over a store that no gateway is serving.",
    discussion: """
      If it fails, the store stays as it was. It fails while another process has the database open. Cursors that are \
      newer than the backup are refused afterwards. EVENTO_DATABASE can be set instead of --database.
      """)

  @Argument(help: "Path of the backup, which is left unchanged.")
  var file: String

  @OptionGroup var options: FileDatabaseOptions

  @Flag(help: "Replace a store that has events, which are lost.")
  var replace = false

  func run() async throws {
    let database = options.path
    let copy = try await LongOperation.run("Restoring \(database)") { [file, replace] progress in
      try await SQLiteExecutor.restore(
        database, from: file, replacing: replace, replacingSetting: "--replace", progress: progress)
    }
    try LongOperation.report("Restored \(copy.summary), from \(file) to \(database).")
  }
}
