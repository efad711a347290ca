public import ArgumentParser
internal import Evento
internal import EventoGateway
internal import EventoSQLite
internal import Foundation
internal import HTTPServer
public import Logging

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve a store over HTTP.",
    discussion: """
      Every option is an environment variable too: --max-body-bytes is EVENTO_MAX_BODY_BYTES. What is on the command \
      line counts more. SIGTERM and SIGINT stop it in good order; a second one cuts off what is in flight, a third ends \
      it at once. SIGHUP reads the token file again.
      """)

  static let defaultDatabase = "evento.sqlite"

  @Option(help: "The database file; made where there is none. :memory: keeps the events for as long as it runs.")
  var database = defaultDatabase

  @Option(
    help: ArgumentHelp(
      "Permissions of a database file that is created, as chmod has them, less what the umask takes away.",
      valueName: "octal"))
  var databaseMode = FileMode(bits: SQLiteConfiguration().filePermissions)

  @Option(help: "The name or address to listen on.")
  var host = "127.0.0.1"

  @Option(help: "The port to listen on; 0 takes a free one.")
  var port: UInt16 = 8080

  @Option(help: ArgumentHelp("Listen on a Unix socket too.", valueName: "path"))
  var unixSocket: String?

  @Option(
    help: ArgumentHelp(
      "Who may connect to the Unix socket, as chmod has it: who may write to it. 660 is its owner and its group.",
      valueName: "octal"))
  var unixSocketMode = FileMode(bits: 0o660)

  @Flag(help: "Listen on the Unix socket alone, and on no port.")
  var unixSocketOnly = false

  @Option(help: ArgumentHelp("Where in the site's paths the gateway stands, e.g. /evento.", valueName: "path"))
  var basePath = ""

  @Option(
    help: ArgumentHelp(
      "The tokens that are taken, a line each: <name> <role> sha256:<digits>. See 'token create'.",
      valueName: "file"))
  var tokenFile: String?

  @Flag(help: "Serve anyone, without tokens, on other addresses than those of this machine too.")
  var allowAnonymous = false

  @Option(
    help: ArgumentHelp(
      "An origin of web pages that may use it, e.g. https://app.example.org. Can be given several times.",
      valueName: "origin"))
  var allowedOrigin: [String] = []

  @Option(
    help: ArgumentHelp(
      "A name that clients reach it by, which it needs without tokens, beside localhost. Can be given several times.",
      valueName: "host"))
  var allowedHost: [String] = []

  @Option(
    help: ArgumentHelp(
      "A proxy that is believed: an address, a range such as 10.0.0.0/8, or unix. Can be given several times.",
      valueName: "address"))
  var trustedProxy: [String] = []

  @Option(help: "trace, debug (each request), info, notice, warning, error or critical.")
  var logLevel = Logger.Level.info

  @Option(help: "Threads that serve connections.")
  var eventLoops = ServerConfiguration().eventLoops

  @Option(
    help: """
      Bytes of the database file that reads map into memory, up to 2 GiB; 0 maps none. Pages by aggregate take a third \
      less time, and a disk that fails to deliver ends the process.
      """)
  var memoryMapBytes = SQLiteConfiguration().memoryMapBytes

  @OptionGroup(title: "Limits")
  var limits: LimitOptions

  @OptionGroup(title: "Deadlines")
  var deadlines: DeadlineOptions

  func validate() throws {
    // SQLite takes an empty name for a database that goes with its connection: https://sqlite.org/c3ref/open.html
    guard !database.isEmpty else { throw ValidationError("--database names a file, and is empty.") }
    guard databaseMode.bits & 0o600 == 0o600 else {
      throw ValidationError(
        "--database-mode must let the owner read and write (600 to 777), and is \(databaseMode.defaultValueDescription)."
      )
    }
    guard basePath.isEmpty || basePath.hasPrefix("/") && !basePath.hasSuffix("/") else {
      throw ValidationError("--base-path begins with / and does not end with one, and is \"\(basePath)\".")
    }
    guard unixSocket != nil || !unixSocketOnly else {
      throw ValidationError("--unix-socket-only needs the path of a --unix-socket.")
    }
    for origin in allowedOrigin where WebOrigin(origin) == nil {
      throw ValidationError(
        "--allowed-origin is scheme and host as a browser sends them, e.g. https://app.example.org, and is \"\(origin)\"."
      )
    }
    for host in allowedHost where HostName(host) == nil {
      throw ValidationError(
        "--allowed-host is a name or an address, for any port and without one, e.g. store.example.org, and is \"\(host)\"."
      )
    }
    for address in trustedProxy where AddressRange(address) == nil {
      throw ValidationError(
        "--trusted-proxy is an address, a range such as 10.0.0.0/8, or unix, and is \"\(address)\".")
    }
    try Setting.check([
      Setting("--event-loops", eventLoops, 1...256),
      Setting("--memory-map-bytes", Int(clamping: memoryMapBytes), 0...2 << 30),
    ])
  }

  func run() async throws {
    // Whoever reads the log, or waits for the first line, may go.
    signal(SIGPIPE, SIG_IGN)
    let logOutput = LogOutput(label: Self.logLabel)
    // However it ends. Nobody who doesn't read keeps it from ending.
    defer { logOutput.flush(within: .seconds(1)) }
    let log = makeLog(logOutput)
    for name in EnvironmentArguments.unknown(in: ProcessInfo.processInfo.environment) {
      log.warning(
        "The environment variable \(name) is no setting of evento-gateway: see 'evento-gateway serve --help'.")
    }
    tellOfServiceLinks(log)
    let tokens = try TokenSource.read(tokenFile)
    if !unixSocketOnly { try Exposure.check(host: host, hasTokens: tokens != nil, allowsAnonymous: allowAnonymous) }

    // Before anything is served: a signal that comes early must stop it in good order too.
    let signals = Signals([SIGTERM, SIGINT, SIGHUP])
    makeRoomForConnections(log)
    let store = try await SQLiteExecutor.open(database, configuration: storeConfiguration(log))
    let gateway = Gateway(store, configuration: gatewayConfiguration(tokens), log: log)
    let server: HTTPServer
    do {
      server = try HTTPServer.start(on: endpoints, configuration: serverConfiguration, handler: gateway)
    } catch {
      await store.close()
      throw error
    }
    gateway.showStatistics(of: server)
    announce(server, eventCount: try await store.eventCount())
    logLimits(log)
    logAccess(log, tokens)

    for await signal in signals.received {
      guard signal == SIGHUP else { break }
      reloadTokens(gateway, log)
    }
    log.info("Stopping: what is in flight has \(deadlines.shutdownGrace) seconds.")
    let impatience = Task { await hurry(signals, server, log, logOutput) }
    gateway.stopFollowing()
    await server.shutDown(grace: .seconds(deadlines.shutdownGrace))
    await store.close()
    impatience.cancel()
    gateway.finishLog()
    log.info("Stopped.")
  }

  /// What further signals do while it stops. A disk that does not answer may keep it from ever closing the database, and
  /// what was answered is safe without that.
  private func hurry(_ signals: Signals, _ server: HTTPServer, _ log: Logger, _ logOutput: LogOutput) async {
    var isCutShort = false
    for await signal in signals.received where signal != SIGHUP {
      guard isCutShort else {
        isCutShort = true
        log.info("What is in flight is cut off. Another signal ends the process without closing the database.")
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
      Kubernetes' variables for a Service are no settings and don't count: \(links.joined(separator: ", ")). \
      enableServiceLinks: false in the pod's spec keeps them away.
      """)
  }

  /// A descriptor for each connection, and some for the database, the log and what else a process has.
  private func makeRoomForConnections(_ log: Logger) {
    let needed = limits.maxConnections + 100
    let available = DescriptorLimit.raise(to: needed)
    guard available < needed else { return }
    log.warning(
      """
      The system allows \(available) descriptors, too few for --max-connections \(limits.maxConnections): raise the \
      hard limit (ulimit -Hn).
      """)
  }

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
    configuration.basePath = basePath
    configuration.allowedOrigins = allowedOrigin.compactMap { WebOrigin($0) }
    // The name that it listens on is one that it is known by.
    configuration.allowedHosts = (allowedHost + [host]).compactMap { HostName($0) }
    if tokens == nil { configuration.hosts = Exposure.isLoopback(host) ? .loopback : .addresses }
    configuration.trustedProxies = trustedProxy.compactMap { AddressRange($0) }
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
    configuration.memoryMapBytes = memoryMapBytes
    configuration.filePermissions = databaseMode.bits
    return configuration
  }

  private var serverConfiguration: ServerConfiguration {
    var configuration = ServerConfiguration()
    limits.apply(to: &configuration)
    deadlines.apply(to: &configuration)
    configuration.eventLoops = eventLoops
    return configuration
  }

  private var endpoints: [Endpoint] {
    let socket = unixSocket.map { [Endpoint.unix(path: $0, permissions: unixSocketMode.bits)] } ?? []
    return (unixSocketOnly ? [] : [.tcp(host: host, port: port)]) + socket
  }

  /// Where it listens, which database, how many events: on standard output, for people and for scripts that wait.
  private func announce(_ server: HTTPServer, eventCount: Int) {
    let addresses = server.addresses.map { "\($0)\(basePath)" }.joined(separator: " and ")
    let count = eventCount == 1 ? "1 event" : "\(eventCount) events"
    print("evento-gateway \(Version.current) listens on \(addresses), database \(database), \(count)")
    fflush(nil)
  }

  /// What holds for this process, wherever each value came from.
  private func logLimits(_ log: Logger) {
    let values = (limits.settings + deadlines.settings).map { "\($0.name) \($0.value)" }
    log.info("Limits: \(values.joined(separator: ", "))")
  }

  /// Who may: what an operator must not be wrong about.
  private func logAccess(_ log: Logger, _ tokens: TokenSet?) {
    if let tokens {
      log.info("Access: \(Self.count(tokens)).")
    } else if unixSocketOnly {
      log.info("Access: whoever may connect to \(unixSocket ?? "the socket") may do everything, without a token.")
    } else if Exposure.isLoopback(host) {
      log.info("Access: anyone on this machine may do everything, without a token.")
    } else {
      let names = (["localhost"] + allowedHost).joined(separator: ", ")
      log.warning(
        """
        Access: anyone who reaches \(host) may do everything, without a token (--allow-anonymous), by an IP address or as \
        \(names); --allowed-host adds names.
        """)
    }
  }

  private func reloadTokens(_ gateway: Gateway, _ log: Logger) {
    do {
      guard let tokens = try TokenSource.read(tokenFile) else {
        return log.warning("There is no token file to read again.")
      }
      gateway.replaceTokens(tokens)
      log.info("The token file has been read again: \(Self.count(tokens)).")
    } catch {
      log.error("The token file can't be taken, and the tokens stay what they were: \(error)")
    }
  }

  private static func count(_ tokens: TokenSet) -> String {
    tokens.entries.count == 1 ? "1 token" : "\(tokens.entries.count) tokens"
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
