internal import Evento
internal import EventoGateway
internal import HTTPServer
internal import Logging

/// The options as the configurations of the gateway, the store and the server.
extension ServeCommand {
  func gatewayConfiguration(_ tokens: TokenSet?, _ logOutput: LogOutput) -> GatewayConfiguration {
    var configuration = GatewayConfiguration()
    limits.apply(to: &configuration)
    deadlines.apply(to: &configuration)
    configuration.version = Version.current
    configuration.tokens = tokens
    configuration.basePath = network.basePath
    configuration.compression = network.compression
    configuration.allowedOrigins = network.allowedOrigin.compactMap { WebOrigin($0) }
    // The name on which it listens is allowed too.
    configuration.allowedHosts = (network.allowedHost + [host]).compactMap { HostName($0) }
    if tokens == nil { configuration.hosts = Exposure.isLoopback(host) ? .loopback : .addresses }
    configuration.addsTraceParent = logging.traceparentMetadata
    configuration.droppedLogLines = { logOutput.droppedLines }
    if logging.accessLog {
      let accessLog = AccessLog(label: Self.logLabel, format: logging.logFormat, output: logOutput)
      configuration.accessLog = { accessLog.add($0) }
    }
    configuration.trustedProxies = network.trustedProxy.compactMap { AddressRange($0) }
    return configuration
  }

  func storeSettings(_ log: Logger) -> StoreSettings {
    var settings = StoreSettings()
    limits.apply(to: &settings)
    settings.notify = { notice in
      log.log(
        level: notice.level == .failure ? .error : .notice, "\(notice.message)",
        metadata: notice.cause.map { ["cause": "\($0)"] })
    }
    settings.memoryMapBytes = memoryMapBytes.value
    settings.filePermissions = databaseMode.bits
    settings.createsStore = !databaseMustExist
    settings.createsStoreSetting = EnvironmentArguments.givenName(of: "--database-must-exist")
    return settings
  }

  var serverConfiguration: ServerConfiguration {
    var configuration = ServerConfiguration()
    limits.apply(to: &configuration)
    deadlines.apply(to: &configuration)
    configuration.eventLoops = eventLoops.value
    return configuration
  }

  var endpoints: [Endpoint] {
    let socket = network.unixSocket.map { [Endpoint.unix(path: $0, permissions: network.unixSocketMode.bits)] } ?? []
    return (network.unixSocketOnly ? [] : [.tcp(host: host, port: port)]) + socket
  }
}
