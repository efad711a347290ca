internal import ArgumentParser
internal import ByteCoding
internal import Evento
internal import EventoStorage
internal import EventoWire
internal import Foundation

/// Prints what a store has, in numbers.
struct StatsCommand: AsyncParsableCommand, SignalHandling {
  static let signals = LongOperation.signals

  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Count the events, aggregates, subscribers and snapshots of a store.",
    discussion: """
      The numbers are exact. The command reads the whole log, and a gateway can serve the store meanwhile. It needs the \
      database, since a gateway does not count these over HTTP; its /metrics has the number of events and the lag of \
      subscribers. EVENTO_DATABASE can be set instead of --database.

      The lag of a subscriber is the number of events after its position, and the age of the first of them.
      """)

  @Option(
    help: """
      Database: a SQLite file or a postgresql:// URL. (default: \(ServeCommand.defaultDatabase))
      """)
  var database: String?

  @Option(help: ArgumentHelp("File with the postgresql:// URL of the database.", valueName: "file"))
  var databaseUrlFile: String?

  @Option(help: ArgumentHelp("PostgreSQL schema of the tables.", valueName: "name"))
  var databaseSchema: String?

  @Flag(help: "Print one line of JSON, for programs.")
  var json = false

  private var choice: DatabaseChoice {
    DatabaseChoice(
      ServeCommand.databaseNames, database: database, urlFile: databaseUrlFile, schema: databaseSchema,
      default: ServeCommand.defaultDatabase)
  }

  func validate() throws {
    try choice.check()
    guard database != ":memory:" else {
      throw ValidationError("--database must name a file: a store in memory is lost when its process ends.")
    }
  }

  func run() async throws {
    let location = try choice.location()
    if let warning = choice.warning { StandardError.write("Warning: \(warning)\n") }
    try location.checkExists()
    let statistics = try await LongOperation.run("Counting") { _ in
      try await location.withStore(.command(createsStore: false)) { try await $0.store.statistics() }
    }
    if json {
      try StandardOutput.write(StatisticsOutput.json(statistics, at: .now()))
    } else {
      for line in Self.lines(statistics, at: .now()) { try StandardOutput.print(PrintableText.escaped(line)) }
    }
  }

  // MARK: For people

  private static func lines(_ statistics: StoreStatistics, at now: Timestamp) -> [String] {
    var lines = table([
      ("Events", "\(statistics.events)"),
      ("Aggregates", "\(statistics.aggregators)"),
      ("Subscribers", "\(statistics.subscribers.count)"),
      ("Snapshots", "\(statistics.snapshots)"),
      ("Payloads and metadata", "\(statistics.contentBytes) bytes"),
      ("Database", "\(statistics.databaseBytes) bytes"),
      ("Oldest event", text(statistics.oldest)),
      ("Newest event", text(statistics.newest)),
    ])
    if !statistics.aggregatorTypes.isEmpty {
      lines += ["", "Aggregate types:"]
      lines += table(
        statistics.aggregatorTypes.map {
          ("  \($0.name)", "\($0.aggregators.counted("aggregate")), \($0.events.counted("event"))")
        })
    }
    if !statistics.subscribers.isEmpty {
      lines += ["", "Subscribers:"]
      lines += table(
        statistics.subscribers.map {
          let lag = $0.events == 0 ? "at the end" : "\($0.events.counted("event")) behind, for \($0.seconds(at: now)) s"
          return ("  \($0.key)", $0.isEnabled ? lag : "\(lag), disabled")
        })
    }
    return lines
  }

  private static func text(_ event: StoreStatistics.LogEvent?) -> String {
    event.map { "\($0.timestamp.rfc3339)  \($0.id)" } ?? "none"
  }

  private static func table(_ rows: [(String, String)]) -> [String] {
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { $0.0 + String(repeating: " ", count: width - $0.0.count + 2) + $0.1 }
  }
}
