internal import ArgumentParser
internal import Evento
internal import EventoStorage
internal import Foundation

struct CopyCommand: AsyncParsableCommand, SignalHandling {
  static let signals = LongOperation.signals

  static let configuration = CommandConfiguration(
    commandName: "copy",
    abstract: "Copy a store into another database, such as from SQLite to PostgreSQL.",
    discussion: """
      Copies events, subscribers and snapshots, and compares the copy with the source. A gateway can serve the source \
      meanwhile; what it writes after the start may not be copied. No process may use the target.

      If the command is interrupted, run it again, and it continues. If the source has grown since, run it again to \
      copy the rest. It refuses a target that has other events than the source. Subscribers and snapshots of the target \
      are replaced by those of the source.
      """)

  @Option(help: ArgumentHelp("Store to copy: a SQLite file or a postgresql:// URL.", valueName: "database"))
  var from: String?

  @Option(
    help: ArgumentHelp(
      "Copy of the store: a SQLite file, created if it does not exist, or a postgresql:// URL.", valueName: "database"))
  var to: String?

  @Option(help: ArgumentHelp("File with the postgresql:// URL of the store to copy.", valueName: "file"))
  var fromUrlFile: String?

  @Option(help: ArgumentHelp("File with the postgresql:// URL of the copy.", valueName: "file"))
  var toUrlFile: String?

  @Option(help: ArgumentHelp("PostgreSQL schema of the store to copy.", valueName: "name"))
  var fromSchema: String?

  @Option(help: ArgumentHelp("PostgreSQL schema of the copy.", valueName: "name"))
  var toSchema: String?

  private var source: DatabaseChoice {
    DatabaseChoice(
      DatabaseChoice.Names(database: "--from", urlFile: "--from-url-file", schema: "--from-schema"), database: from,
      urlFile: fromUrlFile, schema: fromSchema)
  }

  private var target: DatabaseChoice {
    DatabaseChoice(
      DatabaseChoice.Names(database: "--to", urlFile: "--to-url-file", schema: "--to-schema"), database: to,
      urlFile: toUrlFile, schema: toSchema)
  }

  func validate() throws {
    for (choice, database, option) in [(source, from, "--from"), (target, to, "--to")] {
      try choice.check()
      guard database != ":memory:" else {
        throw ValidationError("\(option) must name a file: a store in memory is lost when its process ends.")
      }
    }
  }

  func run() async throws {
    let (source, target) = (try source.location(), try target.location())
    for warning in [self.source.warning, self.target.warning].compactMap(\.self) {
      StandardError.write("Warning: \(warning)\n")
    }
    let result = try await LongOperation.run("Copying \(source)") { progress in
      do {
        return try await Self.copy(source, target, progress)
      } catch  where Task.isCancelled {
        throw EventoError(.unavailable, "Cancelled. Run the command again to continue.")
      }
    }
    try LongOperation.report("Copied \(result.summary), from \(source) to \(target).")
  }

  private static func copy(
    _ source: DatabaseLocation, _ target: DatabaseLocation, _ progress: @escaping LongOperation.Progress
  ) async throws -> StoreCopy.Result {
    var settings = StoreSettings()
    settings.notify = { StandardError.write($0) }
    try source.checkExists()
    return try await source.withStore(settings) { from in
      try await target.withStore(settings) { to in
        do {
          return try await StoreCopy(
            from: StoreCopy.End(from.store, name: from.name), to: StoreCopy.End(to.store, name: to.name),
            progress: progress
          ).run()
        } catch let error as EventoError where error.code == .unavailable {
          throw error.toContinue
        }
      }
    }
  }
}

extension StoreCopy.Result {
  /// A summary for the user.
  fileprivate var summary: String {
    let present = presentEvents > 0 ? " (\(presentEvents) of them in an earlier run)" : ""
    return
      "\(events.counted("event"))\(present), \(subscribers.counted("subscriber")) and \(snapshots.counted("snapshot"))"
  }
}
