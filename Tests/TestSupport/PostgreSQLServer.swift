package import Foundation

/// A PostgreSQL server on this machine, for tests. It ends with the process of the tests, however that ends.
///
/// It is the command `Tests/PostgreSQL/pg` that runs it: its README says how the server is set up.
package final class PostgreSQLServer: Sendable {
  /// A database of a server.
  package struct Database: Sendable {
    package let server: PostgreSQLServer
    package let name: String

    /// For the role that owns the database, which has no other rights.
    package var url: String { url() }

    /// - Parameters:
    ///   - user: and its password, if it has one, separated by a colon; `nil`: the role that owns the database.
    ///   - port: that of a relay before the server; `nil`: the server's own.
    ///   - parameters: of libpq, such as `sslmode=require`.
    package func url(user: String? = nil, port: UInt16? = nil, _ parameters: String...) -> String {
      "postgresql://\(user ?? "evento")@127.0.0.1:\(port ?? server.port)/\(name)"
        + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&"))
    }

    /// Runs SQL in this database as the superuser, and returns what it prints: a row a line, columns separated by `|`.
    @discardableResult
    package func psql(_ sql: String) async throws -> String {
      try await server.psql(sql, database: name)
    }
  }

  /// False on a machine without PostgreSQL's server. Where tests run without a person to read that they are skipped, it
  /// is always true, and they fail.
  package static let isInstalled = programs != nil || ProcessInfo.processInfo.environment["CI"] != nil

  /// The server that the tests of this process share. The first of them starts it.
  package static var shared: PostgreSQLServer {
    get async throws { try await sharedStart.value }
  }

  private static let sharedStart = Task.detached { try await start() }

  /// The folder of PostgreSQL's programs.
  private static let programs: URL? = {
    if let folder = ProcessInfo.processInfo.environment["PG_BIN"] { return URL(filePath: folder) }
    let versions = URL(filePath: "/usr/lib/postgresql")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: versions.path())) ?? []
    return names.sorted { $0.compare($1, options: .numeric) == .orderedDescending }
      .map { versions.appending(path: $0 + "/bin") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path() + "/postgres") }
  }()

  private static let command = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../PostgreSQL/pg").standardizedFileURL

  package let port: UInt16
  /// Its folder, with its `log`, and with `ca.pem` if it requires TLS.
  package let folder: URL
  private let process: Process
  /// The server ends when this does: when it is closed, and when this process ends.
  private let input: FileHandle

  /// Starts a server.
  ///
  /// - Parameters:
  ///   - settings: PostgreSQL's, by name.
  ///   - password: what the role of the URLs must send; `nil`: it needs no password.
  ///   - requiresTLS: whether the role of the URLs must encrypt. The certificate is for `localhost` and `127.0.0.1`.
  package static func start(
    settings: [String: String] = [:], password: String? = nil, requiresTLS: Bool = false
  ) async throws -> PostgreSQLServer {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "evento-postgresql-\(UUID().uuidString.prefix(8))")
    var arguments = ["start", "--until-input-ends", "--dir", folder.path()]
    arguments += settings.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
    if let password { arguments += ["--password", password] }
    if requiresTLS { arguments.append("--tls") }
    return try await offThePool { [arguments] in try PostgreSQLServer(arguments, folder) }
  }

  /// Blocks until the server answers.
  private init(_ arguments: [String], _ folder: URL) throws {
    let (input, output) = (Pipe(), Pipe())
    process = Process()
    process.executableURL = Self.command
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    self.input = input.fileHandleForWriting
    self.folder = folder
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    guard let match = line.firstMatch(of: /127\.0\.0\.1:([0-9]+)/), let port = UInt16(match.1) else {
      throw RawConnection.Failure(description: "pg \(arguments.joined(separator: " ")) did not start a server")
    }
    self.port = port
  }

  /// The database that every server has. Tests that share it use schemas of their own.
  package var database: Database { Database(server: self, name: "evento") }

  /// Makes a database for the time of the body.
  package func withDatabase<Value>(_ body: (Database) async throws -> Value) async throws -> Value {
    let name = "test_" + UUID().uuidString.lowercased().replacing("-", with: "").prefix(16)
    try await psql("CREATE DATABASE \(name) OWNER evento")
    let result: Result<Value, any Error>
    do {
      result = .success(try await body(Database(server: self, name: name)))
    } catch {
      result = .failure(error)
    }
    try await psql("DROP DATABASE \(name) WITH (FORCE)")
    return try result.get()
  }

  /// Runs SQL as the superuser, and returns what it prints.
  @discardableResult
  package func psql(_ sql: String, database: String = "postgres") async throws -> String {
    try await Self.offThePool { [self] in
      try Self.run(
        (Self.programs ?? URL(filePath: "/usr/bin")).appending(path: "psql"),
        [
          "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", "\(port)", "-U", "postgres", "-d", database,
          "-c", sql,
        ])
    }
  }

  /// Kills all its processes.
  package func kill() async throws {
    try await pg("kill", folder.path())
  }

  /// Starts it after a kill, on the same port.
  package func startAgain() async throws {
    try await pg("start", "--dir", folder.path())
  }

  /// Stops it, and removes its folder.
  package func stop() async throws {
    try await Self.offThePool { [self] in
      try input.close()
      process.waitUntilExit()
    }
  }

  private func pg(_ arguments: String...) async throws {
    _ = try await Self.offThePool { try Self.run(Self.command, arguments) }
  }

  private static func run(_ program: URL, _ arguments: [String]) throws -> String {
    let (output, errors) = (Pipe(), Pipe())
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.filter {
      !$0.key.hasPrefix("PG") || $0.key == "PG_BIN"
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    // Errors are short: they fit into their pipe while the output is read.
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    let complaint = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw RawConnection.Failure(description: "\(arguments.joined(separator: " ")): \(complaint)")
    }
    return String(text.drop { $0.isNewline }.reversed().drop { $0.isNewline }.reversed())
  }

  /// Runs what blocks on a thread of its own.
  private static func offThePool<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result(catching: work)) }
    }
  }
}
