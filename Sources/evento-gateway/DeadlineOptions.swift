internal import ArgumentParser
internal import EventoGateway
internal import HTTPServer

/// How long `serve` waits for what: each deadline with the default of the server.
struct DeadlineOptions: ParsableArguments {
  @Option(help: ArgumentHelp("From a request's first byte to the end of its head.", valueName: "seconds"))
  var headTimeout = seconds(ServerConfiguration().headDeadline)

  @Option(help: ArgumentHelp("Before a body's rate counts.", valueName: "seconds"))
  var bodyGrace = seconds(ServerConfiguration().bodyGrace)

  @Option(help: ArgumentHelp("Bytes a second at which a body has to come.", valueName: "bytes"))
  var minBodyRate = ServerConfiguration().minimumBodyRate

  @Option(help: ArgumentHelp("From a request to its answer.", valueName: "seconds"))
  var handlerTimeout = seconds(ServerConfiguration().handlerDeadline)

  @Option(help: ArgumentHelp("For a client that takes nothing of its answer.", valueName: "seconds"))
  var writeTimeout = seconds(ServerConfiguration().writeDeadline)

  @Option(
    help: ArgumentHelp(
      "Between two requests on a connection; longer than clients keep one.", valueName: "seconds"))
  var idleTimeout = seconds(ServerConfiguration().idleTimeout)

  @Option(help: ArgumentHelp("Between two signs of life of a stream, at most 15.", valueName: "seconds"))
  var streamHeartbeat = seconds(GatewayConfiguration().heartbeat)

  /// Half of what most that stop a container or a service wait before they kill it: the database is closed after it.
  @Option(help: ArgumentHelp("For what is in flight when it stops.", valueName: "seconds"))
  var shutdownGrace = 5

  /// Each option, its value, in seconds but for the rate, and the range that it may be in.
  var settings: [Setting] {
    [
      Setting("--head-timeout", headTimeout, 1...Self.day), Setting("--body-grace", bodyGrace, 0...Self.day),
      Setting("--min-body-rate", minBodyRate, 0...1 << 30), Setting("--handler-timeout", handlerTimeout, 1...Self.day),
      Setting("--write-timeout", writeTimeout, 1...Self.day), Setting("--idle-timeout", idleTimeout, 1...Self.day),
      Setting("--stream-heartbeat", streamHeartbeat, 1...15), Setting("--shutdown-grace", shutdownGrace, 0...Self.day),
    ]
  }

  private static let day = 86_400

  func validate() throws {
    try Setting.check(settings)
  }

  func apply(to configuration: inout ServerConfiguration) {
    configuration.headDeadline = .seconds(headTimeout)
    configuration.bodyGrace = .seconds(bodyGrace)
    configuration.minimumBodyRate = minBodyRate
    configuration.handlerDeadline = .seconds(handlerTimeout)
    configuration.writeDeadline = .seconds(writeTimeout)
    configuration.idleTimeout = .seconds(idleTimeout)
  }

  func apply(to configuration: inout GatewayConfiguration) {
    configuration.heartbeat = .seconds(streamHeartbeat)
    // A tenth of the deadline is left for the reads before and after the wait.
    configuration.longestWait = min(configuration.longestWait, .seconds(handlerTimeout) * 9 / 10)
  }

  private static func seconds(_ duration: Duration) -> Int {
    Int(duration.components.seconds)
  }
}
