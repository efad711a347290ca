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

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Put a backup in the place of a store that no gateway serves.",
    discussion: """
      All of it or nothing; refused while another process has the database open. Cursors that are younger than the \
      backup are refused from then on. EVENTO_DATABASE counts here too.
      """)

  @Argument(help: "The backup; it stays as it is.")
  var file: String

  @Option(help: "The database file; made where there is none.")
  var database = ServeCommand.defaultDatabase

  @Flag(help: "Replace a store that has events; they are gone then.")
  var replace = false

  func run() async throws {
    let copy = try await SQLiteExecutor.restore(database, from: file, replacing: replace)
    print("Restored \(copy.summary), from \(file) to \(database).")
  }
}

extension SQLiteExecutor.Copy {
  fileprivate var summary: String { "\(events) \(events == 1 ? "event" : "events"), \(bytes) bytes" }
}
