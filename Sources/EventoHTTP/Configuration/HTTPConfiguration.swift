public import Logging

/// How an ``HTTPExecutor`` reaches its gateway. The defaults suit most.
///
/// Of the environment, libcurl reads `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` (but see ``proxy``), and
/// what its resolver and its TLS library read of their own accord. It reads no configuration file, no `.netrc`, and
/// keeps no cookies.
public struct HTTPConfiguration: Sendable {
  /// The bearer token that each call shows (RFC 6750): visible ASCII characters. Left out: none.
  ///
  /// It goes to the gateway alone: redirections are not followed, and a proxy sees it only where the gateway is reached
  /// by plain `http`. A configuration that is printed does not show it.
  public var token: String? {
    get { secret.text }
    set { secret.text = newValue }
  }
  private var secret = Secret()

  /// How long to wait for a connection, the look-up of the name and TLS included: 5 seconds.
  public var connectDeadline: Duration = .seconds(5)

  /// How long a call may take in all, with waiting for a free connection, and with all its tries: 30 seconds.
  public var callDeadline: Duration = .seconds(30)

  /// The most connections at a time, 1 … ``maximumConnections``: 64. A call that finds all of them busy waits its turn.
  public var connections = 64

  /// The most connections of those who follow the log, beside the others, 1 … ``maximumConnections``: 256. Each follower
  /// needs one. One more is refused with `unavailable`.
  public var followerConnections = 256

  /// After how long without a byte a follower takes its connection for dead and makes another, at least a second: 40
  /// seconds. A gateway sends a heartbeat at least every 15 seconds (docs/http-api.md §5.6); less than that suits
  /// only one whose heartbeat is set to be quicker.
  public var stallTimeout: Duration = .seconds(40)

  /// The most bytes of one answer, after decompression: 32 MiB. A gateway's pages end at 8 MiB of their own accord,
  /// where they are not one large event.
  public var answerBytes = 32 << 20

  /// A Unix domain socket to connect to, whatever host the base URL names; proxies have no part in it then.
  public var unixSocketPath: String?

  /// Whether calls go through a proxy: where the environment says so.
  public var proxy = Proxy.environment

  /// Whom to trust on `https`, and how to be trusted.
  public var tls = TLS()

  /// When to try again.
  public var retry = RetryPolicy()

  /// What the client calls itself (RFC 9110 §10.1.5), in printable ASCII: `evento-swift`.
  public var userAgent = "evento-swift"

  /// Logger for followers that can't reach the gateway. They retry without end, so the first failure is logged as a
  /// `warning`, then one a minute, and recovery as a `notice`. Calls throw, and log nothing.
  public var logger = Logger(label: "evento.http")

  /// The name by which errors call the base URL: a command names its option.
  package var baseURLSetting = "The base URL"
  /// The name by which errors call ``token``.
  package var tokenSetting = "The configuration's token"
  /// The name by which errors call ``answerBytes``; `nil` if it can't be set.
  package var answerBytesSetting: String? = "answerBytes"

  public init() {}

  /// A text that does not show when what holds it is printed or dumped.
  private struct Secret: CustomStringConvertible, CustomReflectable {
    var text: String?

    var description: String { text == nil ? "none" : "hidden" }
    var customMirror: Mirror { Mirror(self, children: []) }
  }

  /// The most that ``connections`` may be.
  public static let maximumConnections = 4096

  public enum Proxy: Sendable, Equatable {
    /// As `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` say, if anything.
    case environment
    /// None, whatever the environment says.
    case none
    /// This one: https://curl.se/libcurl/c/CURLOPT_PROXY.html
    case url(String)
  }

  /// TLS of version 1.2 or later. The gateway's certificate is always verified, and so is the name in it.
  public struct TLS: Sendable, Equatable {
    /// A file of certificates (PEM) that may sign the gateway's, in place of the system's.
    public var caFile: String?
    /// A file with the client's own certificate (PEM), for a gateway that asks for one.
    public var certificateFile: String?
    /// A file with the key of that certificate (PEM), where the certificate's file does not hold it.
    public var keyFile: String?

    public init(caFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil) {
      self.caFile = caFile
      self.certificateFile = certificateFile
      self.keyFile = keyFile
    }
  }
}
