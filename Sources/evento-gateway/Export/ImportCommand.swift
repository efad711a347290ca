internal import ArgumentParser
internal import Evento
internal import EventoExport
internal import EventoSQLite
internal import Foundation

/// Stores the events of an export.
struct ImportCommand: AsyncParsableCommand, SignalHandling {
  static let signals = LongOperation.signals

  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Store the events of an export, from a file or a pipe.",
    discussion: """
      Events keep their ids, versions, times and order, and the bytes of payloads and metadata. An export of a whole log \
      needs an empty database, or one that an earlier run of the same import has begun. The events of a filtered export \
      are added after those that are there. It is safe to run the command again: it continues, and stores nothing twice. \
      Nothing of an export that was altered is stored.

      Through a gateway, the token needs the role write, or admin for disabled subscribers. Erased events need --database. EVENTO_URL \
      and EVENTO_TOKEN can be set instead of --url and --token.

      Exit status: 0 if everything is imported, 64 if an argument is invalid, 128 + n after signal n, and 1 for every \
      other error.
      """)

  /// The kinds of sources.
  enum Source: String, ExpressibleByArgument, CaseIterable {
    case export
    case evento
  }

  @Argument(help: "File to read, or - for standard input.")
  var file: String

  @Option(help: "Kind of the file: an export, or the SQLite database of the Rust crate evento 2.0.")
  var from = Source.export

  @OptionGroup var options: StoreOptions

  @Flag(help: "Import subscribers and snapshots too. They replace those with the same keys.")
  var all = false

  func validate() throws {
    if from == .evento, file == "-" { throw ValidationError("--from evento needs a database file, but is given -.") }
  }

  func run() async throws {
    let location = try options.location()
    let (result, name) = try await LongOperation.run("Importing \(sourceName)") { [self] progress in
      do {
        return try await withSource { source in
          // First, so that a wrong file creates no database.
          let contents = try await source.contents()
          return try await options.withStore(location, createsStore: true) { store, name in
            let target = ImportTarget(store, name: name, source: source.name)
            return (
              try await LogImport(from: source, contents, into: target, withRows: all).run(progress: progress), name
            )
          }
        }
      } catch  where Task.isCancelled {
        throw EventoError(.unavailable, "Cancelled. Run the command again to continue.")
      } catch let error as EventoError where error.code == .unavailable {
        throw error.toContinue
      }
    }
    try LongOperation.report("Imported \(summary(result)), from \(sourceName) into \(name).")
  }

  private var sourceName: String { file == "-" ? "standard input" : file }

  private func withSource<Value>(_ body: (any ImportSource) async throws -> Value) async throws -> Value {
    switch from {
    case .export:
      let input = try await QueuedInput.open(file, name: sourceName)
      return try await body(ExportInput(name: sourceName, size: input.size) { try await input.read() })
    case .evento:
      let log = try await CrateLog.open(file)
      let value: Value
      do {
        value = try await body(ForeignInput(log, name: file, withRows: all))
      } catch {
        await log.close()
        throw error
      }
      await log.close()
      return value
    }
  }

  private func summary(_ result: LogImport.Result) -> String {
    let present = result.presentEvents > 0 ? " (\(result.presentEvents) of them were there already)" : ""
    let events = result.events.counted("event") + present
    guard all else { return events }
    return "\(events), \(result.subscribers.counted("subscriber")) and \(result.snapshots.counted("snapshot"))"
  }
}
