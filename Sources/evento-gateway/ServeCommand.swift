internal import ArgumentParser
internal import CAllocator
internal import Evento
internal import EventoGateway
internal import EventoStorage
internal import Foundation
internal import HTTPServer
internal import Logging

struct ServeCommand: AsyncParsableCommand, SignalHandling {
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
  static let databaseNames = DatabaseChoice.Names(
    database: "--database", urlFile: "--database-url-file", schema: "--database-schema")

  @OptionGroup(title: "Basics")
  var basics: BasicOptions

  @OptionGroup(title: "Network")
  var network: NetworkOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Octal permissions of a new database file, reduced by the umask.", valueName: "octal"))
  var databaseMode = FileMode(bits: StoreSettings().filePermissions)

  @Option(parsing: .unconditional, help: "Number of threads that serve connections.")
  var eventLoops = Number(ServerConfiguration().eventLoops)

  @Option(
    parsing: .unconditional,
    help: """
      Maximum bytes of the database file that reads map into memory, up to 2 GiB; 0 maps nothing. Pages by \
      aggregate take a third less time, but a read error of the disk ends the process.
      """)
  var memoryMapBytes = Number(StoreSettings().memoryMapBytes)

  @OptionGroup(title: "Log")
  var logging: LogOptions

  @OptionGroup(title: "Limits")
  var limits: LimitOptions

  @OptionGroup(title: "Deadlines")
  var deadlines: DeadlineOptions

  var database: DatabaseChoice {
    DatabaseChoice(
      Self.databaseNames, database: basics.database, urlFile: basics.databaseUrlFile, schema: basics.databaseSchema,
      default: Self.defaultDatabase)
  }
  var host: String { basics.host }
  /// `validate()` rejects one out of range.
  var port: UInt16 { UInt16(clamping: basics.port.value) }
  private var tokenFile: String? { basics.tokenFile }
  private var allowAnonymous: Bool { basics.allowAnonymous }
  var databaseMustExist: Bool { basics.databaseMustExist }

  func validate() throws {
    try database.check()
    guard basics.database != ":memory:" || !databaseMustExist else {
      throw ValidationError(
        "--database-must-exist needs a file or a postgresql:// URL, but --database is \":memory:\".")
    }
    try Setting.check([Setting("--port", basics.port, 0...Int(UInt16.max))])
    try Exposure.checkForm(ofHost: host)
    try databaseMode.check("--database-mode", including: 0o600)
    try Setting.check([
      Setting("--event-loops", eventLoops, 1...256),
      Setting("--memory-map-bytes", memoryMapBytes, 0...2 << 30),
    ])
    let standard = StoreSettings()
    try database.checkAppliesToFile("--database-mode", isGiven: databaseMode.bits != standard.filePermissions)
    try database.checkAppliesToFile("--memory-map-bytes", isGiven: memoryMapBytes.value != standard.memoryMapBytes)
  }

  func run() async throws {
    // The reader of the log, or of the first line, may exit.
    signal(SIGPIPE, SIG_IGN)
    // A page or body of many MiB must not be kept for the next one.
    evento_return_blocks_from(1 << 20)
    let logOutput = LogOutput(label: Self.logLabel, format: logging.logFormat)
    // At any kind of end. A reader that does not read can't block it for long.
    defer { logOutput.flush(within: .seconds(1)) }
    let log = makeLog(logOutput)
    logIgnoredVariables(log)
    let location = try database.location()
    if let warning = database.warning { log.warning("\(warning)") }
    let tokens = try TokenFile.read(tokenFile, from: tokenFileSetting)
    if !network.unixSocketOnly {
      try Exposure.check(host: host, hasTokens: tokens != nil, allowsAnonymous: allowAnonymous)
    }

    let signals = Signals(Self.signals)
    raiseDescriptorLimit(log)
    // Before the database is created or changed: if it can't listen, no file is left behind.
    let bound = try ListenError.explaining { try BoundEndpoints(endpoints) }
    let opened: OpenedStore?
    do {
      opened = try await openStore(location, signals, log, logOutput)
    } catch {
      bound.release()
      throw error
    }
    guard let opened else {
      bound.release()
      return log.info("Stopped.")
    }
    let store = opened.store
    let gateway = Gateway(store, configuration: gatewayConfiguration(tokens, logOutput), log: log)
    let server: HTTPServer
    do {
      let count = try await store.eventCount()
      server = try ListenError.explaining {
        try HTTPServer.start(on: bound, configuration: serverConfiguration, handler: gateway)
      }
      gateway.observe(server)
      announce(server, opened, eventCount: count, log)
    } catch {
      bound.release()
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
    let furtherSignals = Task { await handleFurtherSignals(signals, server, log, logOutput) }
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
    furtherSignals.cancel()
    gateway.flushLog()
    log.info("Stopped.")
  }

  /// The share of the time for requests in flight after which writes that have not begun are refused.
  private static let writingShare = 0.8

  /// Opens the store, which can take long: an older one is upgraded, and another process may have locked the database.
  ///
  /// - Returns: `nil` if a signal cancelled that.
  private func openStore(
    _ location: DatabaseLocation, _ signals: Signals, _ log: Logger, _ logOutput: LogOutput
  ) async throws -> OpenedStore? {
    let settings = storeSettings(log)
    let opening = Task { try await location.open(settings) }
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
  private func handleFurtherSignals(_ signals: Signals, _ server: HTTPServer, _ log: Logger, _ logOutput: LogOutput)
    async
  {
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

  /// Raises the limit on file descriptors: one for each connection, and some for the database, the log and others.
  private func raiseDescriptorLimit(_ log: Logger) {
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

  private func reloadTokens(_ gateway: Gateway, _ log: Logger) {
    do {
      guard let tokens = try TokenFile.read(tokenFile, from: tokenFileSetting) else {
        return log.warning("SIGHUP has no effect: no token file is set.")
      }
      gateway.replaceTokens(tokens)
      log.info("The token file was read again: \(Self.count(tokens)).")
    } catch {
      log.error("The token file can't be used, so the tokens are unchanged: \(error)")
    }
  }
}
