internal import Evento
internal import EventoWire

extension HTTPConfiguration {
  /// Returns the options for calls. No value that becomes a header line or is passed to libcurl can end it early or
  /// start another.
  ///
  /// - Throws: `invalid_request` if a value is out of range.
  func transferOptions() throws(EventoError) -> TransferOptions {
    let counts = 1...Self.maximumConnections
    try Self.require(counts.contains(connections), Self.setting("connections"), "1 to \(Self.maximumConnections)")
    try Self.require(
      counts.contains(followerConnections), Self.setting("followerConnections"), "1 to \(Self.maximumConnections)")
    try Self.require(stallTimeout >= .seconds(1), Self.setting("stallTimeout"), "at least 1 second")
    try Self.require(connectDeadline > .zero, Self.setting("connectDeadline"), "longer than 0")
    try Self.require(callDeadline > .zero, Self.setting("callDeadline"), "longer than 0")
    try Self.require(answerBytes > 0, Self.setting("answerBytes"), "at least 1")
    try Self.require(retry.attempts > 0, Self.setting("retry.attempts"), "at least 1")
    try Self.require(
      userAgent.utf8.allSatisfy { 0x20...0x7E ~= $0 } && !userAgent.isEmpty, Self.setting("userAgent"),
      "printable ASCII and not empty")
    var options = TransferOptions(
      connections: connections, connectDeadline: connectDeadline, answerLimit: answerLimit, userAgent: userAgent,
      accept: "application/json, application/problem+json")
    if let token {
      try Self.require(
        token.utf8.allSatisfy { 0x21...0x7E ~= $0 } && !token.isEmpty, tokenSetting,
        "visible ASCII characters without blanks and not empty")
      options.headers.append("Authorization: Bearer \(token)")
    }
    if let path = unixSocketPath {
      try Self.require(
        (1...Self.longestSocketPath).contains(path.utf8.count), Self.setting("unixSocketPath"),
        "1 to \(Self.longestSocketPath) bytes")
      options.unixSocket = try Self.text(path, "unixSocketPath")
    }
    switch proxy {
    case .environment: break
    case .none: options.proxy = ""
    case .url(let url): options.proxy = try Self.text(url, "proxy")
    }
    options.caFile = try tls.caFile.map { (path) throws(EventoError) in try Self.text(path, "tls.caFile") }
    options.certificateFile = try tls.certificateFile.map { (path) throws(EventoError) in
      try Self.text(path, "tls.certificateFile")
    }
    options.keyFile = try tls.keyFile.map { (path) throws(EventoError) in try Self.text(path, "tls.keyFile") }
    return options
  }

  /// Returns the options for the streams of followers.
  func streamOptions(_ calls: TransferOptions) -> TransferOptions {
    var options = calls
    let type = StreamFormat.ndjson.mediaType
    options.connections = followerConnections
    options.accept = "\(type), \(Problem.mediaType)"
    options.streaming = TransferOptions.Streaming(mediaType: type, stallTimeout: stallTimeout)
    return options
  }

  /// The size of `sun_path` without the closing NUL, on the system where it is smallest.
  private static let longestSocketPath = 103

  private static func text(_ text: String, _ name: String) throws(EventoError) -> String {
    try require(
      !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, setting(name),
      "without control characters, and not empty")
    return text
  }

  private static func setting(_ name: String) -> String { "The configuration's \(name)" }

  private static func require(
    _ holds: Bool, _ setting: @autoclosure () -> String, _ rule: @autoclosure () -> String
  ) throws(EventoError) {
    guard holds else { throw EventoError(.invalidRequest, "\(setting()) must be \(rule()).") }
  }
}
