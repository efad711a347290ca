internal import ArgumentParser
internal import ByteCoding
internal import Evento
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

  @OptionGroup var options: StoreOptions

  @Flag(help: "Skip the confirmation prompt.")
  var yes = false

  func validate() throws {
    for (argument, name) in [("The aggregate type", type), ("The aggregate id", id)]
      + snapshotType.map({ ("--snapshot-type", $0) })
    {
      if let problem = Name.error(in: name) { throw ValidationError("\(argument) \(problem).") }
    }
    guard snapshotType.count <= ErasureResult.maximumSnapshotTypes else {
      throw ValidationError("--snapshot-type can be given at most \(ErasureResult.maximumSnapshotTypes) times.")
    }
  }

  /// The aggregate, for people.
  private var name: String { "\(type) \"\(id)\"" }

  func run() async throws {
    let location = try options.location()
    let result = try await LongOperation.run("Erasing") { [self] _ in
      try location?.checkExists()
      try await confirm(at: location?.description ?? options.gateway.url)
      do {
        // An aggregate can have very many events.
        return try await options.withStore(location, callDeadline: .seconds(120)) { store, _ in
          try await store.eraseAggregate(type: type, id: id, snapshotTypes: snapshotType)
        }
      } catch  where Task.isCancelled {
        throw EventoError(.unavailable, "Cancelled. Run the command again to be certain that everything is erased.")
      }
    }
    try LongOperation.report(
      "Erased \(result.events.counted("event")) and \(result.snapshots.counted("snapshot")) of \(name).")
  }

  // MARK: Confirmation

  /// Asks on the terminal, also if the command's output goes to a file. Without one, a script has decided.
  private func confirm(at place: String) async throws {
    guard !yes, isatty(STDIN_FILENO) == 1 else { return }
    guard let name = ttyname(STDIN_FILENO), let terminal = FileHandle(forWritingAtPath: String(cString: name)) else {
      throw EventoError(.invalidRequest, "The terminal on which to ask can't be written to. Confirm with --yes.")
    }
    let question = "Erase the content of all events of \(self.name) at \(place)? This can't be undone. (yes/no) "
    try terminal.write(contentsOf: Data(PrintableText.escaped(question).utf8))
    // Not by a blocking read, which a signal could not end.
    var entry = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    while poll(&entry, 1, 0) <= 0 { try await Task.sleep(for: .milliseconds(50)) }
    guard let answer = readLine(), ["yes", "y"].contains(answer.lowercased()) else {
      throw EventoError(.invalidRequest, "Not confirmed. Nothing was erased.")
    }
  }
}
