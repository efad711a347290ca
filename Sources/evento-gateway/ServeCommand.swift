public import ArgumentParser
internal import ByteCoding
internal import CAllocator
internal import Evento
internal import EventoGateway
internal import EventoSQLite
internal import Foundation
internal import HTTPServer
public import Logging

struct ServeCommand: AsyncParsableCommand, SignalTaker {
  static let signals = [SIGTERM, SIGINT, SIGHUP]

  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve a store over HTTP.",
    discussion: """
      Every option can be set by an environment variable too: --max-body-bytes by EVENTO_MAX_BODY_BYTES. The command \
      line takes precedence. SIGTERM and SIGINT stop the gateway; a second one cuts off requests in flight, and a third \
      ends the process at once. SIGHUP reloads the token file.
      """)

  static let defaultDatabase = "evento.sqlite"

  @OptionGroup(title: "Basics")
  var basics: BasicOptions

  @OptionGroup(title: "Network")
  var network: NetworkOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Octal permissions of a new database file, reduced by the umask.", valueName: "octal"))
  var databaseMode = FileMode(bits: SQLiteConfiguration().filePermissions)

  @Option(help: "Least severe level that is logged; debug logs each request.")
  var logLevel = Logger.Level.info

  @Option(parsing: .unconditional, help: "Number of threads that serve connections.")
  var eventLoops = Number(ServerConfiguration().eventLoops)

  @Option(
    parsing: .unconditional,
    help: """
      Maximum bytes of the database file that reads map into memory, up to 2 GiB; 0 maps nothing. Pages by \
      aggregate take a third less time, but a read error of the disk ends the process.
      """)
  var memoryMapBytes = Number(Int(SQLiteConfiguration().memoryMapBytes))

  @OptionGroup(title: "Limits")
  var limits: LimitOptions

  @OptionGroup(title: "Deadlines")
  var deadlines: DeadlineOptions

  private var database: String { basics.database }
  private var host: String { basics.host }
  /// `validate()` rejects one out of range.
  private var port: UInt16 { UInt16(clamping: basics.port.value) }
  private var tokenFile: String? { basics.tokenFile }
  private var allowAnonymous: Bool { basics.allowAnonymous }
  private var databaseMustExist: Bool { basics.databaseMustExist }

  func validate() throws {
    // SQLite uses an empty name for a temporary database: https://sqlite.org/c3ref/open.html
    guard !database.isEmpty else { throw ValidationError("--database must name a file, but is \"\".") }
    guard database != ":memory:" || !databaseMustExist else {
      throw ValidationError("--database-must-exist needs a file, but --database is \":memory:\".")
    }
    try Setting.check([Setting("--port", basics.port, 0...Int(UInt16.max))])
    try Exposure.checkForm(ofHost: host)
    try databaseMode.check("--database-mode", including: 0o600)
    try Setting.check([
      Setting("--event-loops", eventLoops, 1...256),
      Setting("--memory-map-bytes", memoryMapBytes, 0...2 << 30),
    ])
  }

  func run() async throws {
    // The reader of the log, or of the first line, may exit.
    signal(SIGPIPE, SIG_IGN)
    // A page or body of many MiB must not be kept for the next one.
    evento_return_blocks_from(1 << 20)
    let logOutput = LogOutput(label: Self.logLabel)
    // At any kind of end. A reader that does not read can't block it for long.
    defer { logOutput.flush(within: .seconds(1)) }
    let log = makeLog(logOutput)
    for name in EnvironmentArguments.unknown(in: ProcessInfo.processInfo.environment) {
      log.warning(
        "The environment variable \(name) is not a setting of evento-gateway. See 'evento-gateway serve --help'.")
    }
    tellOfServiceLinks(log)
    let tokens = try TokenSource.read(tokenFile, from: tokenFileSetting)
    if !network.unixSocketOnly {
      try Exposure.check(host: host, hasTokens: tokens != nil, allowsAnonymous: allowAnonymous)
    }

    let signals = Signals(Self.signals)
    makeRoomForConnections(log)
    // Before the database is created or changed: if it can't listen, no file is left behind.
    let bound = try ListenFault.explaining { try BoundEndpoints(endpoints) }
    let opened: SQLiteExecutor?
    do {
      opened = try await openStore(signals, log, logOutput)
    } catch {
      bound.giveUp()
      throw error
    }
    guard let store = opened else {
      bound.giveUp()
      return log.info("Stopped.")
    }
    let gateway = Gateway(store, configuration: gatewayConfiguration(tokens), log: log)
    let server: HTTPServer
    do {
      let count = try await store.eventCount()
      server = try ListenFault.explaining {
        try HTTPServer.start(on: bound, configuration: serverConfiguration, handler: gateway)
      }
      gateway.observe(server)
      announce(server, isNew: store.isNew, eventCount: count, log)
    } catch {
      bound.giveUp()
      await store.close()
      throw error
    }
    logLimits(log)
    logAccess(log, tokens)

    for await signal in signals.received {
      guard signal == SIGHUP else { break }
      reloadTokens(gateway, log)
    }
    log.info("Stopping: requests in flight have \(deadlines.shutdownGrace.value) seconds.")
    let impatience = Task { await hurry(signals, server, log, logOutput) }
    gateway.closeStreams()
    let grace = Duration.seconds(deadlines.shutdownGrace.value)
    let refusal = Task {
      // Before the connections are closed, so that the clients get a response.
      try await Task.sleep(for: grace * Self.writingShare)
      store.refuseWrites()
    }
    await server.shutDown(grace: grace)
    refusal.cancel()
    // No client waits for what is left.
    store.refuseWrites()
    await store.close()
    impatience.cancel()
    gateway.flushLog()
    log.info("Stopped.")
  }

  /// The share of the time for requests in flight after which writes that have not begun are refused.
  private static let writingShare = 0.8

  /// Opens the store, which can take long: an older one is upgraded, and another process may have locked the database.
  ///
  /// - Returns: `nil` if a signal cancelled that.
  private func openStore(_ signals: Signals, _ log: Logger, _ logOutput: LogOutput) async throws -> SQLiteExecutor? {
    let (path, configuration) = (database, storeConfiguration(log))
    let opening = Task { try await SQLiteExecutor.open(path, configuration: configuration) }
    signals.observe { signal in
      guard signal != SIGHUP else { return }
      guard opening.isCancelled else {
        log.info("Stopping: the database is not open yet. If it is being upgraded, that is undone.")
        return opening.cancel()
      }
      // A disk that does not respond may block it forever.
      log.warning("Ended while the database was being opened. The next start undoes unfinished work.")
      logOutput.flush(within: .seconds(1))
      _exit(EXIT_FAILURE)
    }
    defer { signals.stopObserving() }
    do {
      return try await opening.value
    } catch is CancellationError {
      return nil
    }
  }

  /// Handles further signals while the gateway stops. A disk that does not respond may block closing the database, and
  /// confirmed writes are safe without it.
  private func hurry(_ signals: Signals, _ server: HTTPServer, _ log: Logger, _ logOutput: LogOutput) async {
    var isCutShort = false
    for await signal in signals.received where signal != SIGHUP {
      guard isCutShort else {
        isCutShort = true
        log.info("Requests in flight are cut off. Another signal ends the process without closing the database.")
        Task { await server.shutDown(grace: .zero) }
        continue
      }
      log.warning("Ended without closing the database, which the next start does.")
      logOutput.flush(within: .seconds(1))
      _exit(EXIT_FAILURE)
    }
  }

  private func tellOfServiceLinks(_ log: Logger) {
    let links = EnvironmentArguments.serviceLinks(in: ProcessInfo.processInfo.environment)
    guard !links.isEmpty else { return }
    log.notice(
      """
      Ignored variables that Kubernetes sets for a Service: \(links.joined(separator: ", ")). \
      enableServiceLinks: false in the pod's spec removes them.
      """)
  }

  /// Raises the limit on file descriptors: one for each connection, and some for the database, the log and others.
  private func makeRoomForConnections(_ log: Logger) {
    let needed = limits.maxConnections.value + 100
    let available = DescriptorLimit.raise(to: needed)
    guard available < needed else { return }
    log.warning(
      """
      The system allows \(available) descriptors, too few for --max-connections \(limits.maxConnections.value): raise the \
      hard limit (ulimit -Hn).
      """)
  }

  private var tokenFileSetting: String { EnvironmentArguments.givenName(of: "--token-file") }

  private static let logLabel = "evento-gateway"

  private func makeLog(_ output: LogOutput) -> Logger {
    var log = Logger(label: Self.logLabel) { StreamLogHandler(label: $0, stream: output) }
    log.logLevel = logLevel
    return log
  }

  private func gatewayConfiguration(_ tokens: TokenSet?) -> GatewayConfiguration {
    var configuration = GatewayConfiguration()
    limits.apply(to: &configuration)
    deadlines.apply(to: &configuration)
    configuration.version = Version.current
    configuration.tokens = tokens
    configuration.basePath = network.basePath
    configuration.allowedOrigins = network.allowedOrigin.compactMap { WebOrigin($0) }
    // The name on which it listens is allowed too.
    configuration.allowedHosts = (network.allowedHost + [host]).compactMap { HostName($0) }
    if tokens == nil { configuration.hosts = Exposure.isLoopback(host) ? .loopback : .addresses }
    configuration.trustedProxies = network.trustedProxy.compactMap { AddressRange($0) }
    return configuration
  }

  private func storeConfiguration(_ log: Logger) -> SQLiteConfiguration {
    var configuration = SQLiteConfiguration()
    limits.apply(to: &configuration)
    configuration.notify = { notice in
      log.log(
        level: notice.level == .failure ? .error : .notice, "\(notice.message)",
        metadata: notice.cause.map { ["cause": "\($0)"] })
    }
    configuration.memoryMapBytes = Int64(memoryMapBytes.value)
    configuration.filePermissions = databaseMode.bits
    configuration.createsDatabase = !databaseMustExist
    configuration.createsDatabaseSetting = EnvironmentArguments.givenName(of: "--database-must-exist")
    return configuration
  }

  private var serverConfiguration: ServerConfiguration {
    var configuration = ServerConfiguration()
    limits.apply(to: &configuration)
    deadlines.apply(to: &configuration)
    configuration.eventLoops = eventLoops.value
    return configuration
  }

  private var endpoints: [Endpoint] {
    let socket = network.unixSocket.map { [Endpoint.unix(path: $0, permissions: network.unixSocketMode.bits)] } ?? []
    return (network.unixSocketOnly ? [] : [.tcp(host: host, port: port)]) + socket
  }

  /// Prints the address, the database and the number of events: for people, and for scripts that wait.
  private func announce(_ server: HTTPServer, isNew: Bool, eventCount: Int, _ log: Logger) {
    let addresses = server.addresses.map { "\($0)\(network.basePath)" }.joined(separator: " and ")
    let count = eventCount == 1 ? "1 event" : "\(eventCount) events"
    let store = "\(isNew ? "new database" : "database") \(database)"
    do throws(StandardOutput.Failure) {
      try StandardOutput.print(
        PrintableText.escaped("evento-gateway \(Version.current) listens on \(addresses), \(store), \(count)"))
    } catch {
      // It keeps running. A reader that has exited does not need the line.
      if case .refused = error { log.warning("\(error) The gateway listens on \(addresses).") }
    }
  }

  /// Logs the limits of this process, wherever they were set.
  private func logLimits(_ log: Logger) {
    let values = (limits.settings + deadlines.settings).map { "\($0.name) \($0.value)" }
    log.debug("Limits: \(values.joined(separator: ", "))")
  }

  /// Logs who has access.
  private func logAccess(_ log: Logger, _ tokens: TokenSet?) {
    if let tokens {
      log.info("Access: \(Self.count(tokens)).")
    } else if network.unixSocketOnly {
      log.info("Access: no tokens. Everyone who can connect to \(network.unixSocket ?? "the socket") has full access.")
    } else if Exposure.isLoopback(host), !network.trustedProxy.isEmpty || !network.allowedHost.isEmpty {
      log.warning(
        """
        Access: no tokens. Every client of a proxy on this machine has full access. Set --token-file to restrict it.
        """)
    } else if Exposure.isLoopback(host) {
      log.info("Access: no tokens. Every process on this machine has full access.")
    } else {
      let names = ["localhost"] + network.allowedHost
      log.warning(
        """
        Access: no tokens. Everyone who can reach \(host) has full access (--allow-anonymous), by an IP address or as \
        \(Self.alternatives(names)). Add names with --allowed-host.
        """)
    }
  }

  private func reloadTokens(_ gateway: Gateway, _ log: Logger) {
    do {
      guard let tokens = try TokenSource.read(tokenFile, from: tokenFileSetting) else {
        return log.warning("SIGHUP has no effect: no token file is set.")
      }
      gateway.replaceTokens(tokens)
      log.info("The token file was read again: \(Self.count(tokens)).")
    } catch {
      log.error("The token file can't be used, so the tokens are unchanged: \(error)")
    }
  }

  /// Returns "a", "a or b", "a, b or c".
  private static func alternatives(_ names: [String]) -> String {
    names.count < 2 ? names.joined() : "\(names.dropLast().joined(separator: ", ")) or \(names[names.count - 1])"
  }

  private static func count(_ tokens: TokenSet) -> String {
    tokens.entries.count == 1 ? "1 token" : "\(tokens.entries.count) tokens"
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
