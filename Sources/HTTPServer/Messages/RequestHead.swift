/// The version of HTTP that a client speaks.
package enum HTTPVersion: Sendable, Equatable {
  /// HTTP/1.0
  case oneDotZero
  /// HTTP/1.1
  case oneDotOne
}

/// The head of a request. All of it has been checked against RFC 9112.
package struct RequestHead: Sendable {
  /// Shared by all copies of the head, of which an exchange makes several.
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
  /// The path, percent-encoded as received; begins with `/`, or is `*`. Its escapes, and those of the query, have not
  /// been checked.
  package var path: String { content.line.path }
  /// The text after the first `?`, unchanged; nil without one.
  package var query: String? { content.line.query }
  /// The version that the client speaks.
  package var version: HTTPVersion { content.line.version }
  /// The fields, including those of the framing.
  package var headers: Headers { content.headers }
  /// The sender.
  package var peer: PeerAddress { content.peer }
  /// The authority of the request, with its port if given: that of an absolute-form target, otherwise that of `Host`
  /// (RFC 9112 §3.3). Only HTTP/1.0 can omit it.
  package var host: String? { content.line.authority ?? content.headers["Host"] }
  /// The body's length in bytes, as `Content-Length` declares it; `Int.max` if it is larger.
  package var declaredLength: Int? { content.framing.declaredLength }
  /// True if the body comes in chunks.
  package var isChunked: Bool { content.framing.isChunked }
  /// True if the client waits for `100 Continue` before it sends the body.
  var expectsContinue: Bool { content.framing.expectsContinue }
  /// True if the client requests that the connection stays open (RFC 9112 §9.3).
  var wantsKeepAlive: Bool { content.framing.wantsKeepAlive }

  /// Creates a head, for tests of a handler.
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
