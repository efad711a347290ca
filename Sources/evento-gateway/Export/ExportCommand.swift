internal import ArgumentParser
internal import Evento
internal import EventoExport
internal import EventoStorage
internal import EventoWire
internal import Foundation

/// Writes the log of a store, or a part of it, as lines of JSON.
struct ExportCommand: AsyncParsableCommand, SignalHandling {
  static let signals = LongOperation.signals

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write events as lines of JSON, to a file or a pipe.",
    discussion: """
      A gateway can serve the store meanwhile. The export has every event that was stored at the start, with all its \
      values, and 'import' notices if it was cut or altered. docs/export-format.md describes it. A file appears under \
      its name only when it is complete and on disk.

      Through a gateway, a token with the role read is enough. EVENTO_URL and EVENTO_TOKEN can be set instead of --url \
      and --token.

      Exit status: 0 if everything is exported, 64 if an argument is invalid, 128 + n after signal n, and 1 for every \
      other error.
      """)

  @Option(help: ArgumentHelp("File to write, which must not exist. (default: standard output)", valueName: "file"))
  var output: String?

  @OptionGroup var options: StoreOptions

  @OptionGroup var filter: FilterOptions

  @Flag(help: "Include subscribers and snapshots; needs --database, because a gateway does not list snapshots.")
  var all = false

  func validate() throws {
    guard all else { return }
    guard options.usesDatabase else {
      throw ValidationError("--all needs --database: a gateway does not list snapshots.")
    }
    guard filter.selectsAll else {
      throw ValidationError("--all can't be combined with filters: subscribers and snapshots belong to the whole log.")
    }
  }

  func run() async throws {
    // A reader that exits, like `head`, causes a write error.
    signal(SIGPIPE, SIG_IGN)
    let location = try options.location()
    let title = "Exporting \(location.map { "\($0)" } ?? options.gateway.url)"
    let counts = try await LongOperation.run(title) { [self] progress in
      do {
        return try await options.withStore(location) { store, _ in
          try await write(
            LogExport(of: store, filter: header, withRowsOf: rows(of: store), createdBy: Version.text), progress)
        }
      } catch  where Task.isCancelled {
        throw EventoError(
          .unavailable, output.map { "Cancelled. \($0) was not created." } ?? "Cancelled. The export is incomplete.")
      }
    }
    let summary = "Exported \(summary(counts))"
    if let output { return try LongOperation.report("\(summary), to \(output).") }
    // Standard output has the export.
    if isatty(STDERR_FILENO) == 1 { StandardError.write("\(summary).\n") }
  }

  private var header: ExportHeader.Filter? {
    filter.selectsAll ? nil : ExportHeader.Filter(aggregators: filter.aggregators, routingKey: filter.key)
  }

  private func rows(of store: any Executor) -> (any DatabaseStore)? { all ? store as? any DatabaseStore : nil }

  private func write(_ export: LogExport, _ progress: LongOperation.Progress) async throws -> ExportCheck {
    guard let output else {
      let output = QueuedOutput()
      return try await export.write(progress: progress) { try await output.write($0) }
    }
    let file = try ExportFile(output)
    do {
      let counts = try await export.write(progress: progress) { try await file.write($0) }
      try await file.finish()
      return counts
    } catch {
      file.remove()
      throw error
    }
  }

  private func summary(_ counts: ExportCheck) -> String {
    let events = counts.events.counted("event")
    guard all else { return events }
    return "\(events), \(counts.subscribers.counted("subscriber")) and \(counts.snapshots.counted("snapshot"))"
  }
}
