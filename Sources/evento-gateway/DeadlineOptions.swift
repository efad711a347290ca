internal import ArgumentParser
internal import EventoGateway
internal import HTTPServer

/// The deadlines of `serve`, with the defaults of the server.
struct DeadlineOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Seconds to receive the head of a request, from its first byte, and for a new connection to send one.",
      valueName: "seconds"))
  var headTimeout = Number(seconds(ServerConfiguration().headTimeout))

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Seconds before the minimum rate applies to a body.",
      valueName: "seconds"))
  var bodyGrace = Number(seconds(ServerConfiguration().bodyGrace))

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Minimum rate of a request body, in bytes per second.",
      valueName: "bytes"))
  var minBodyRate = Number(ServerConfiguration().minimumBodyRate)

  @Option(parsing: .unconditional, help: ArgumentHelp("Maximum seconds to respond to a request.", valueName: "seconds"))
  var handlerTimeout = Number(seconds(ServerConfiguration().handlerTimeout))

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Maximum seconds without a client reading any of its response.",
      valueName: "seconds"))
  var writeTimeout = Number(seconds(ServerConfiguration().writeTimeout))

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Seconds that an idle connection stays open. Set it longer than clients keep idle connections.",
      valueName: "seconds"))
  var idleTimeout = Number(seconds(ServerConfiguration().idleTimeout))

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Seconds between the heartbeats of a stream, at most 15.",
      valueName: "seconds"))
  var streamHeartbeat = Number(seconds(GatewayConfiguration().heartbeat))

  /// Half of the time that most supervisors of containers or services wait before they kill the process: the database
  /// is closed after it.
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Seconds that requests in flight have to finish when the gateway stops.",
      valueName: "seconds"))
  var shutdownGrace = Number(5)

  /// The options with their values and ranges, in seconds except for the rate.
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
    configuration.headTimeout = .seconds(headTimeout.value)
    configuration.bodyGrace = .seconds(bodyGrace.value)
    configuration.minimumBodyRate = minBodyRate.value
    configuration.handlerTimeout = .seconds(handlerTimeout.value)
    configuration.writeTimeout = .seconds(writeTimeout.value)
    configuration.idleTimeout = .seconds(idleTimeout.value)
  }

  func apply(to configuration: inout GatewayConfiguration) {
    configuration.heartbeat = .seconds(streamHeartbeat.value)
    // A tenth of the deadline is left for the reads before and after the wait.
    configuration.longestWait = min(configuration.longestWait, .seconds(handlerTimeout.value) * 9 / 10)
  }

  private static func seconds(_ duration: Duration) -> Int {
    Int(duration.components.seconds)
  }
}
