internal import ArgumentParser
internal import ByteCoding
internal import Evento
internal import EventoHTTP
internal import Foundation

/// Erases the content of an aggregate, through a gateway or in a database.
struct EraseCommand: AsyncParsableCommand, SignalHandling {
  static let signals = LongOperation.signals

  static let configuration = CommandConfiguration(
    commandName: "erase",
    abstract: "Erase the payloads and metadata of an aggregate's events.",
    discussion: """
      Everything else about the events stays, including their positions in the log. The aggregate can be written to as before. \
      This can't be undone: on a terminal, the command asks before it begins. Backups and consumers still have what they \
      have copied: docs/operations.md says what to do about them.

      The gateway needs a token with the role admin. EVENTO_URL and EVENTO_TOKEN can be set instead of --url and --token. \
      Use --database only for a store that no gateway serves.

      Exit status: 0 if everything is erased, 64 if an argument is invalid, 128 + n after signal n, and 1 for every other \
      error. It is safe to run the command again.
      """)

  @Argument(help: "Aggregate type.")
  var type: String

  @Argument(help: "Aggregate id.")
  var id: String

  @Option(
    help: ArgumentHelp(
      "Also delete the snapshots of this type with the aggregate's id. Can be repeated.", valueName: "type"))
  var snapshotType: [String] = []

  @Option(help: "URL of the gateway. (default: http://127.0.0.1:8080)")
  var url: String?

  @Option(help: "Bearer token. EVENTO_TOKEN keeps it out of the list of processes.")
  var token: String?

  @Option(
    help: ArgumentHelp(
      "Database to use instead of a gateway: a SQLite file or a postgresql:// URL.", valueName: "database"))
  var database: String?

  @Option(help: ArgumentHelp("File with the postgresql:// URL of the database.", valueName: "file"))
  var databaseUrlFile: String?

  @Option(help: ArgumentHelp("PostgreSQL schema of the tables.", valueName: "name"))
  var databaseSchema: String?

  @Flag(help: "Skip the confirmation prompt.")
  var yes = false

  private var usesDatabase: Bool { database != nil || databaseUrlFile != nil }

  private var choice: DatabaseChoice {
    DatabaseChoice(
      ServeCommand.databaseNames, database: database, urlFile: databaseUrlFile, schema: databaseSchema)
  }

  func validate() throws {
    for (argument, name) in [("The aggregate type", type), ("The aggregate id", id)]
      + snapshotType.map({ ("--snapshot-type", $0) })
    {
      if let problem = Name.error(in: name) { throw ValidationError("\(argument) \(problem).") }
    }
    guard snapshotType.count <= ErasureResult.maximumSnapshotTypes else {
      throw ValidationError("--snapshot-type can be given at most \(ErasureResult.maximumSnapshotTypes) times.")
    }
    guard usesDatabase else {
      guard databaseSchema == nil else { throw ValidationError("--database-schema needs --database.") }
      return
    }
    guard url == nil, token == nil else {
      throw ValidationError("--database can't be combined with --url and --token: name a gateway or a database.")
    }
    try choice.check()
    guard database != ":memory:" else {
      throw ValidationError("--database must name a file: a store in memory is lost when its process ends.")
    }
  }

  /// The aggregate, for people.
  private var name: String { "\(type) \"\(id)\"" }

  func run() async throws {
    let location = usesDatabase ? try choice.location() : nil
    if usesDatabase, let warning = choice.warning { StandardError.write("Warning: \(warning)\n") }
    let result = try await LongOperation.run("Erasing") { [self] _ in
      do {
        try await confirm()
        return if let location { try await erase(in: location) } else { try await eraseThroughGateway() }
      } catch  where Task.isCancelled {
        throw EventoError(.unavailable, "Cancelled. Run the command again to be certain that everything is erased.")
      }
    }
    func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
    try LongOperation.report(
      "Erased \(count(result.events, "event")) and \(count(result.snapshots, "snapshot")) of \(name).")
  }

  // MARK: Confirmation

  /// Asks on the terminal. Without one, a script has decided.
  private func confirm() async throws {
    guard !yes, isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else { return }
    let place = usesDatabase ? "" : " at \(source.url)"
    StandardError.write(
      PrintableText.escaped("Erase the content of all events of \(name)\(place)? This can't be undone. (yes/no) "))
    // Not by a blocking read, which a signal could not end.
    var entry = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    while poll(&entry, 1, 0) <= 0 { try await Task.sleep(for: .milliseconds(50)) }
    guard let answer = readLine(), ["yes", "y"].contains(answer.lowercased()) else {
      throw EventoError(.invalidRequest, "Not confirmed. Nothing was erased.")
    }
  }

  // MARK: Erasing

  private func erase(in location: DatabaseLocation) async throws -> ErasureResult {
    try location.checkExists()
    var settings = StoreSettings()
    settings.createsStore = false
    settings.createsStoreSetting = "this command"
    settings.notify = { StandardError.write($0) }
    return try await location.withStore(settings) { opened in
      try await opened.store.eraseAggregate(type: type, id: id, snapshotTypes: snapshotType)
    }
  }

  private var source: GatewaySource {
    GatewaySource(url: url, token: token, environment: ProcessInfo.processInfo.environment)
  }

  private func eraseThroughGateway() async throws -> ErasureResult {
    let source = source
    do {
      var configuration = source.configuration
      // An aggregate can have very many events.
      configuration.callDeadline = .seconds(120)
      let executor = try HTTPExecutor(baseURL: source.url, configuration: configuration)
      let result: ErasureResult
      do {
        result = try await executor.eraseAggregate(type: type, id: id, snapshotTypes: snapshotType)
      } catch {
        await executor.close()
        throw error
      }
      await executor.close()
      return result
    } catch let error where !Task.isCancelled {
      throw source.explained(error)
    }
  }
}
