internal import Evento
internal import EventoWire
public import Logging

/// The settings of an ``HTTPExecutor``. The defaults suit most programs.
///
/// libcurl reads the environment variables `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` (but see ``proxy``),
/// and those of its resolver and its TLS library. It reads no configuration file and no `.netrc`, and keeps no cookies.
public struct HTTPConfiguration: Sendable {
  /// The bearer token sent with each call (RFC 6750), in visible ASCII characters; `nil` for none.
  ///
  /// It is sent only to the gateway: redirections are not followed, and a proxy sees it only if the gateway is reached
  /// over plain `http`. Printing the configuration does not reveal it.
  public var token: String? {
    get { secret.text }
    set { secret.text = newValue }
  }
  private var secret = Secret()

  /// The maximum time to establish a connection, including name lookup and TLS: 5 seconds.
  public var connectDeadline: Duration = .seconds(5)

  /// The maximum time of a call, including waiting for a free connection and all retries: 30 seconds.
  public var callDeadline: Duration = .seconds(30)

  /// The maximum number of connections for calls, 1 to ``maximumConnections``: 64. If all are busy, further calls wait.
  public var connections = 64

  /// The maximum number of connections for followers of the log, in addition to ``connections``, 1 to
  /// ``maximumConnections``: 256. Each follower uses one. Further followers fail with `unavailable`.
  public var followerConnections = 256

  /// The time without a byte after which a follower considers its connection dead and opens another, at least 1 second:
  /// 40 seconds. A gateway sends a heartbeat at least every 15 seconds (docs/http-api.md §5.6). Use a shorter time only
  /// if the gateway's heartbeat is shorter.
  public var stallTimeout: Duration = .seconds(40)

  /// The maximum size of a response in bytes, after decompression: 32 MiB. A gateway's pages have at most 8 MiB, unless
  /// they are a single larger event.
  public var responseBytes = 32 << 20

  /// True to ask for compressed responses and streams (`Accept-Encoding: gzip`): false.
  ///
  /// Compressed pages and streams of events have a fraction of the bytes, which helps if the network between this
  /// program and the gateway is slow. Both sides use more processor time for it, so without a slow network, reads take
  /// longer. It has no effect if the gateway does not compress, or libcurl was built without zlib.
  public var acceptsCompression = false

  /// The path of a Unix domain socket to connect to instead of the host in the base URL. Proxies are not used then.
  public var unixSocketPath: String?

  /// The proxy for calls: by default, the one that the environment names.
  public var proxy = Proxy.environment

  /// The certificates for `https`.
  public var tls = TLS()

  /// The rule for retries.
  public var retry = RetryPolicy()

  /// The value of `User-Agent` (RFC 9110 §10.1.5), in printable ASCII: `evento-swift`.
  public var userAgent = "evento-swift"

  /// Returns the trace context of the current task, which is sent as `traceparent` (https://www.w3.org/TR/trace-context/),
  /// or `nil` for none: by default, always `nil`.
  ///
  /// It is called once for each call, in the caller's task, so that it can read a task-local value, and once for each
  /// connection of a follower. All attempts of a call send the same value. An invalid value is not sent.
  public var traceparent: @Sendable () -> String? = { nil }

  /// The logger for followers that can't reach the gateway. They retry without end: the first error is logged as a
  /// `warning`, then one a minute, and recovery as a `notice`. Calls throw, and log nothing.
  public var logger = Logger(label: "evento.http")

  /// The name of the base URL in errors. A command sets the name of its option.
  package var baseURLSetting = "The base URL"
  /// The name of ``token`` in errors.
  package var tokenSetting = "The configuration's token"
  /// The name of ``responseBytes`` in errors; `nil` if it can't be changed.
  package var responseBytesSetting: String? = "responseBytes"

  public init() {}

  /// Text that is hidden when its owner is printed or dumped.
  private struct Secret: CustomStringConvertible, CustomReflectable {
    var text: String?

    var description: String { text == nil ? "none" : "hidden" }
    var customMirror: Mirror { Mirror(self, children: []) }
  }

  /// The maximum of ``connections``.
  public static let maximumConnections = 4096

  public enum Proxy: Sendable, Equatable {
    /// The proxy that `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` name, if any.
    case environment
    /// No proxy, regardless of the environment.
    case none
    /// This proxy: https://curl.se/libcurl/c/CURLOPT_PROXY.html
    case url(String)
  }

  /// TLS 1.2 or later. The gateway's certificate and the host name in it are always verified.
  public struct TLS: Sendable, Equatable {
    /// The path of a file with the certificates (PEM) of trusted authorities, instead of the system's.
    public var caFile: String?
    /// The path of a file with the client's own certificate (PEM), for a gateway that requires one.
    public var certificateFile: String?
    /// The path of a file with the key of that certificate (PEM), unless the certificate's file contains it.
    public var keyFile: String?

    public init(caFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil) {
      self.caFile = caFile
      self.certificateFile = certificateFile
      self.keyFile = keyFile
    }
  }
}

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
    try Self.require(responseBytes > 0, Self.setting("responseBytes"), "at least 1")
    try Self.require(retry.attempts > 0, Self.setting("retry.attempts"), "at least 1")
    try Self.require(
      userAgent.utf8.allSatisfy { 0x20...0x7E ~= $0 } && !userAgent.isEmpty, Self.setting("userAgent"),
      "printable ASCII and not empty")
    var options = TransferOptions(
      connections: connections, connectDeadline: connectDeadline, responseLimit: responseLimit,
      acceptsCompression: acceptsCompression, userAgent: userAgent,
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
