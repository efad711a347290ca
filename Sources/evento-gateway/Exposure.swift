internal import ArgumentParser
internal import EventoGateway
internal import HTTPServer

/// Checks of who can reach the gateway.
enum Exposure {
  /// Checks that a gateway without tokens listens only on loopback, unless that is explicitly allowed: anyone who can
  /// reach it can do everything.
  static func check(host: String, hasTokens: Bool, allowsAnonymous: Bool) throws {
    guard !hasTokens, !allowsAnonymous, !isLoopback(host) else { return }
    let setting = EnvironmentArguments.givenName(of: "--host")
    throw ValidationError(
      "Without tokens, anyone who reaches \(host) (\(setting)) could read and write everything. Name a --token-file, "
        + "listen on 127.0.0.1, or give --allow-anonymous.")
  }

  /// Checks the form of a host.
  ///
  /// - Throws: `ValidationError` if it can't be a name or an address, like a URL or a host with a port.
  static func checkForm(ofHost host: String) throws {
    // A link-local address can have its interface after it (RFC 4007 §11): fe80::1%eth0.
    let address = host.contains(":") ? String(host.prefix { $0 != "%" }) : host
    guard !host.hasPrefix("["), HostName(address) != nil else {
      throw ValidationError(
        "--host must be a name or an IP address, without a port or brackets, such as 127.0.0.1, but is \"\(host)\".")
    }
  }

  /// Returns true if the host is a loopback address or `localhost`. Narrower than for a browser: a name below
  /// `.localhost` depends on the resolver, and could be an address that others reach.
  static func isLoopback(_ host: String) -> Bool {
    host.lowercased() == "localhost" || PeerAddress(ip: host)?.isLoopback == true
  }
}
