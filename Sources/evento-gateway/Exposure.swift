internal import ArgumentParser

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

  /// Narrower than what a browser may call this machine: a name below `.localhost` is whatever the resolver makes of it,
  /// and could be an address that others reach.
  static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return parts.count == 4 && parts[0] == 127 && !parts.contains(nil)
  }
}
