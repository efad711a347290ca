/// The version of HTTP that a client speaks.
public enum HTTPVersion: Sendable, Equatable {
  /// HTTP/1.0
  case oneDotZero
  /// HTTP/1.1
  case oneDotOne
}

/// What a request says before its body. All of it has been checked against RFC 9112.
public struct RequestHead: Sendable {
  /// One of the methods of RFC 9110 §9.1, `PATCH` or `QUERY`.
  public let method: String
  /// The path as it came, percent-encoded; begins with `/`, or is `*`.
  public let path: String
  /// What followed the first `?`, as it came; nil without one.
  public let query: String?
  /// The version that the client speaks.
  public let version: HTTPVersion
  /// The fields, the framing's included.
  public let headers: Headers
  /// Who sent it.
  public let peer: PeerAddress
  /// The authority that the request is for, with its port where one was given: that of an absolute-form target, else
  /// that of `Host` (RFC 9112 §3.3). HTTP/1.0 alone may leave it out.
  public let host: String?
  /// The body's length in bytes as `Content-Length` declares it.
  public let declaredLength: Int?
  /// Whether the body comes in chunks.
  public let isChunked: Bool
  /// Whether the client waits for `100 Continue` before it sends the body.
  let expectsContinue: Bool
  /// Whether the client would have the connection go on (RFC 9112 §9.3).
  let wantsKeepAlive: Bool

  /// A head as a handler's test may want one.
  public init(
    method: String = "GET", path: String = "/", query: String? = nil, version: HTTPVersion = .oneDotOne,
    headers: Headers = Headers(), peer: PeerAddress = .unix, host: String? = nil, declaredLength: Int? = nil,
    isChunked: Bool = false
  ) {
    self.init(
      line: RequestLine(method: method, path: path, query: query, version: version, authority: host),
      headers: headers, peer: peer,
      framing: Framing(
        host: host, declaredLength: declaredLength, isChunked: isChunked, expectsContinue: false, wantsKeepAlive: true))
  }

  init(line: RequestLine, headers: Headers, peer: PeerAddress, framing: Framing) {
    method = line.method
    path = line.path
    query = line.query
    version = line.version
    self.headers = headers
    self.peer = peer
    host = line.authority ?? framing.host
    declaredLength = framing.declaredLength
    isChunked = framing.isChunked
    expectsContinue = framing.expectsContinue
    wantsKeepAlive = framing.wantsKeepAlive
  }

  var hasBody: Bool { isChunked || (declaredLength ?? 0) > 0 }
}
