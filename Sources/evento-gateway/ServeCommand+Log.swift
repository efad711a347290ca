internal import ByteCoding
internal import EventoGateway
internal import EventoStorage
internal import Foundation
internal import HTTPServer
internal import Logging

/// The texts of a running gateway for its operator: its first line, and its log.
extension ServeCommand {
  static let logLabel = "evento-gateway"

  func makeLog(_ output: LogOutput) -> Logger {
    var log = Logger(label: Self.logLabel) { logging.logFormat.handler(label: $0, stream: output) }
    log.logLevel = logging.logLevel
    return log
  }

  /// Prints the address, the database and the number of events: for people, and for scripts that wait.
  func announce(_ server: HTTPServer, _ opened: OpenedStore, eventCount: Int, _ log: Logger) {
    let addresses = server.addresses.map { "\($0)\(network.basePath)" }.joined(separator: " and ")
    let count = eventCount == 1 ? "1 event" : "\(eventCount) events"
    let store = "\(opened.store.isNew ? "new database" : "database") \(opened.name)"
    do throws(StandardOutput.Failure) {
      try StandardOutput.print(
        PrintableText.escaped("evento-gateway \(Version.current) listens on \(addresses), \(store), \(count)"))
    } catch {
      // It keeps running. A reader that has exited does not need the line.
      if case .refused = error { log.warning("\(error) The gateway listens on \(addresses).") }
    }
  }

  /// Logs the limits of this process, wherever they were set.
  func logLimits(_ log: Logger) {
    let values = (limits.settings + deadlines.settings).map { "\($0.name) \($0.value)" }
    log.debug("Limits: \(values.joined(separator: ", "))")
  }

  /// Logs who has access.
  func logAccess(_ log: Logger, _ tokens: TokenSet?) {
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

  /// Logs environment variables that look like settings and are not.
  func logIgnoredVariables(_ log: Logger) {
    let environment = ProcessInfo.processInfo.environment
    for name in EnvironmentArguments.unknown(in: environment) {
      log.warning(
        "The environment variable \(name) is not a setting of evento-gateway. See 'evento-gateway serve --help'.")
    }
    let links = EnvironmentArguments.serviceLinks(in: environment)
    guard !links.isEmpty else { return }
    log.notice(
      """
      Ignored variables that Kubernetes sets for a Service: \(links.joined(separator: ", ")). \
      enableServiceLinks: false in the pod's spec removes them.
      """)
  }

  /// Returns "a", "a or b", "a, b or c".
  private static func alternatives(_ names: [String]) -> String {
    names.count < 2 ? names.joined() : "\(names.dropLast().joined(separator: ", ")) or \(names[names.count - 1])"
  }

  static func count(_ tokens: TokenSet) -> String {
    tokens.entries.count == 1 ? "1 token" : "\(tokens.entries.count) tokens"
  }
}
