internal import ArgumentParser
internal import EventoSQLite

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy a store while a gateway serves it.",
    discussion: """
      The copy is the store of one moment, has every event that was answered before, and gets its name when it is whole \
      and on disk. EVENTO_DATABASE counts here too.
      """)

  @Argument(help: "The file to make; it must not be there.")
  var file: String

  @Option(help: "The database file.")
  var database = ServeCommand.defaultDatabase

  func run() async throws {
    let copy = try await SQLiteExecutor.backUp(database, to: file)
    print("Copied \(copy.summary), from \(database) to \(file).")
  }
}

extension SQLiteExecutor.Copy {
  /// In words, for whoever ran the command.
  var summary: String { "\(events) \(events == 1 ? "event" : "events"), \(bytes) bytes" }
}
