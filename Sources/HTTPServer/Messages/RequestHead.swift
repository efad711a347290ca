/// The version of HTTP that a client speaks.
package enum HTTPVersion: Sendable, Equatable {
  /// HTTP/1.0
  case oneDotZero
  /// HTTP/1.1
  case oneDotOne
}

/// What a request says before its body. All of it has been checked against RFC 9112.
package struct RequestHead: Sendable {
  /// Shared by all copies of the head, of which an exchange makes some.
  private final class Content: Sendable {
    let line: RequestLine
    let headers: Headers
    let peer: PeerAddress
    let framing: Framing

    init(_ line: RequestLine, _ headers: Headers, _ peer: PeerAddress, _ framing: Framing) {
      self.line = line
      self.headers = headers
      self.peer = peer
      self.framing = framing
    }
  }

  private let content: Content

  /// One of the methods of RFC 9110 §9.1, `PATCH` or `QUERY`.
  package var method: String { content.line.method }
  /// The path as it came, percent-encoded; begins with `/`, or is `*`. Its escapes, and those of the query, have not
  /// been looked at.
  package var path: String { content.line.path }
  /// What followed the first `?`, as it came; nil without one.
  package var query: String? { content.line.query }
  /// The version that the client speaks.
  package var version: HTTPVersion { content.line.version }
  /// The fields, the framing's included.
  package var headers: Headers { content.headers }
  /// Who sent it.
  package var peer: PeerAddress { content.peer }
  /// The authority that the request is for, with its port where one was given: that of an absolute-form target, else
  /// that of `Host` (RFC 9112 §3.3). HTTP/1.0 alone may leave it out.
  package var host: String? { content.line.authority ?? content.headers["Host"] }
  /// The body's length in bytes as `Content-Length` declares it; `Int.max` where it declares more.
  package var declaredLength: Int? { content.framing.declaredLength }
  /// Whether the body comes in chunks.
  package var isChunked: Bool { content.framing.isChunked }
  /// Whether the client waits for `100 Continue` before it sends the body.
  var expectsContinue: Bool { content.framing.expectsContinue }
  /// Whether the client would have the connection go on (RFC 9112 §9.3).
  var wantsKeepAlive: Bool { content.framing.wantsKeepAlive }

  /// A head as a handler's test may want one.
  package init(
    method: String = "GET", path: String = "/", query: String? = nil, version: HTTPVersion = .oneDotOne,
    headers: Headers = Headers(), peer: PeerAddress = .unix, host: String? = nil, declaredLength: Int? = nil,
    isChunked: Bool = false
  ) {
    self.init(
      line: RequestLine(method: method, path: path, query: query, version: version, authority: host),
      headers: headers, peer: peer,
      framing: Framing(declaredLength: declaredLength, isChunked: isChunked))
  }

  init(line: RequestLine, headers: Headers, peer: PeerAddress, framing: Framing) {
    content = Content(line, headers, peer, framing)
  }

  var framing: Framing { content.framing }
  var hasBody: Bool { content.framing.hasBody }
}
