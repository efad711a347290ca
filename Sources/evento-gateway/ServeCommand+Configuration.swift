internal import EventoGateway
internal import EventoSQLite
internal import HTTPServer
internal import Logging

/// The options as the configurations of the gateway, the store and the server.
extension ServeCommand {
  func gatewayConfiguration(_ tokens: TokenSet?) -> GatewayConfiguration {
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

  func storeConfiguration(_ log: Logger) -> SQLiteConfiguration {
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
