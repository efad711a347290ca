internal import ArgumentParser
internal import ByteCoding
internal import Evento
internal import EventoHTTP
internal import EventoSQLite
internal import EventoStorage
internal import Foundation

/// Verifies a store: a database, or one behind a gateway.
struct VerifyCommand: AsyncParsableCommand, SignalHandling {
  static let signals = LongOperation.signals

  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check a store for damage, and print a digest of its events.",
    discussion: """
      Reads the whole store and changes nothing. A gateway can serve it meanwhile. For a SQLite file, it checks the \
      database, the checksum of each event and snapshot, positions and versions for gaps, the indexes, and the cursors of \
      subscribers and snapshots. For a PostgreSQL database and a gateway, it checks what readers get.

      Stores with the same events in the same order have the same digest, so a backup or a copy can be compared with its \
      source. docs/operations.md defines it. A gateway needs a token with the role read. EVENTO_DATABASE and EVENTO_TOKEN can be set \
      instead of --database and --token.

      Exit status: 0 if the store is sound, 1 if it is damaged, 64 if an argument is invalid, 69 if the store can't be \
      read for another reason, 128 + n after signal n.
      """)

  @Option(
    help: ArgumentHelp(
      "Store to verify: a SQLite file or a postgresql:// URL. (default: \(ServeCommand.defaultDatabase))",
      valueName: "database"))
  var database: String?

  @Option(help: ArgumentHelp("File with the postgresql:// URL of the database.", valueName: "file"))
  var databaseUrlFile: String?

  @Option(help: ArgumentHelp("PostgreSQL schema of the tables.", valueName: "name"))
  var databaseSchema: String?

  @Option(help: "URL of a gateway, to verify the store that it serves.")
  var url: String?

  @Option(help: "Bearer token. EVENTO_TOKEN keeps it out of the list of processes.")
  var token: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  private var choice: DatabaseChoice {
    DatabaseChoice(
      ServeCommand.databaseNames, database: database, urlFile: databaseUrlFile, schema: databaseSchema,
      default: ServeCommand.defaultDatabase)
  }

  /// The exit statuses, apart from those of the parser and of signals.
  private static let damaged = ExitCode(1)
  /// `EX_UNAVAILABLE` of sysexits.h
  private static let unreadable = ExitCode(69)

  func validate() throws {
    guard url == nil else {
      guard database == nil, databaseUrlFile == nil, databaseSchema == nil else {
        throw ValidationError("--database can't be combined with --url: name a gateway or a database.")
      }
      return
    }
    guard token == nil else { throw ValidationError("--token needs --url.") }
    try choice.check()
    guard database != ":memory:" else {
      throw ValidationError("--database must name a file: a store in memory is lost when its process ends.")
    }
  }

  func run() async throws {
    let location = url == nil ? try choice.location() : nil
    if url == nil, let warning = choice.warning { StandardError.write("Warning: \(warning)\n") }
    let name = location?.description ?? source.url
    let result: Verification
    do {
      result = try await LongOperation.run("Verifying \(name)") { [self] progress in
        do {
          guard let location else { return try await verifyGateway(progress) }
          return try await Self.verify(location, progress)
        } catch  where Task.isCancelled {
          throw EventoError(.unavailable, "Cancelled. Nothing was changed.")
        }
      }
    } catch let error as ExitCode {
      throw error
    } catch let error as ValidationError {
      throw error
    } catch {
      StandardError.write("\(PrintedError(error).description)\n")
      throw Self.unreadable
    }
    try print(result, name)
    guard result.isSound else { throw Self.damaged }
  }

  // MARK: Verifying

  private static func verify(
    _ location: DatabaseLocation, _ progress: @escaping LongOperation.Progress
  ) async throws -> Verification {
    if case .file(let path) = location { return try await SQLiteExecutor.verify(path, progress: progress) }
    var settings = StoreSettings()
    settings.createsStore = false
    settings.createsStoreSetting = "this command"
    settings.notify = { StandardError.write($0) }
    return try await location.withStore(settings) { opened in
      let count = try await opened.store.eventCount()
      return try await ExecutorVerification(opened.store, eventCount: count, progress: progress).run()
    }
  }

  private var source: GatewaySource {
    GatewaySource(url: url, token: token, environment: ProcessInfo.processInfo.environment)
  }

  private func verifyGateway(_ progress: @escaping LongOperation.Progress) async throws -> Verification {
    let source = source
    do {
      let executor = try HTTPExecutor(baseURL: source.url, configuration: source.configuration)
      let result: Result<Verification, any Error>
      do {
        result = .success(try await ExecutorVerification(executor, progress: progress).run())
      } catch {
        result = .failure(error)
      }
      await executor.close()
      return try result.get()
    } catch let error where !Task.isCancelled {
      throw source.explained(error)
    }
  }

  // MARK: The result

  private func print(_ result: Verification, _ name: String) throws {
    let digest = result.digest.isEmpty ? nil : Hex.encode(result.digest)
    guard !json else { return try StandardOutput.print(Self.json(result, digest)) }
    var lines = result.findings.map { "Damage: \($0)" }
    if result.findingCount > result.findings.count {
      lines.append("Damage: \(result.findingCount - result.findings.count) more.")
    }
    lines.append("Events: \(result.events)")
    lines.append("Bytes: \(result.bytes)")
    lines.append("SHA-256: \(digest ?? "none, because not all events could be read")")
    lines.append(
      result.isSound
        ? "\(name) is sound."
        : "\(name) is damaged. Keep a copy of its files, and restore the latest backup that is sound.")
    for line in lines { try LongOperation.report(line) }
  }

  private static func json(_ result: Verification, _ digest: String?) -> String {
    var writer = JSONWriter(capacity: 1024)
    writer.write(json: "{\"sound\":")
    writer.write(boolean: result.isSound)
    for (name, count) in [
      ("events", result.events), ("bytes", result.bytes), ("finding_count", result.findingCount),
    ] {
      writer.write(json: ",")
      writer.write(string: name)
      writer.write(json: ":")
      writer.write(integer: Int64(count))
    }
    writer.write(json: ",\"sha256\":")
    writer.write(stringOrNull: digest)
    writer.write(json: ",\"findings\":[")
    for (index, finding) in result.findings.enumerated() {
      if index > 0 { writer.write(json: ",") }
      writer.write(string: finding)
    }
    writer.write(json: "]}")
    return String(decoding: writer.take(roomKept: 0), as: UTF8.self)
  }
}
