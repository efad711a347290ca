internal import ArgumentParser
internal import EventoGateway

/// Who can reach the gateway.
enum Exposure {
  /// Without tokens everybody who can reach it may do everything, so it listens on this machine alone unless it is told
  /// otherwise in so many words.
  static func check(host: String, hasTokens: Bool, allowsAnonymous: Bool) throws {
    guard !hasTokens, !allowsAnonymous, !isLoopback(host) else { return }
    let setting = EnvironmentArguments.givenName(of: "--host")
    throw ValidationError(
      "Without tokens, anyone who reaches \(host) (\(setting)) could read and write everything. Name a --token-file, "
        + "listen on 127.0.0.1, or give --allow-anonymous.")
  }

  /// - Throws: `ValidationError` if it can be neither a name nor an address, as a URL or a host with a port.
  static func checkForm(ofHost host: String) throws {
    // An address of a link has its interface behind it (RFC 4007 §11): fe80::1%eth0.
    let address = host.contains(":") ? String(host.prefix { $0 != "%" }) : host
    guard !host.hasPrefix("["), HostName(address) != nil else {
      throw ValidationError(
        "--host must be a name or an IP address, without a port or brackets, such as 127.0.0.1, but is \"\(host)\".")
    }
  }

  /// Narrower than what a browser may call this machine: a name below `.localhost` is whatever the resolver makes of it,
  /// and could be an address that others reach.
  static func isLoopback(_ host: String) -> Bool {
    if host.lowercased() == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return parts.count == 4 && parts[0] == 127 && !parts.contains(nil)
  }
}
