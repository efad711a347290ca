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
  /// The fields that describe the message itself.
  var framing: Framing { content.framing }

  init(line: RequestLine, headers: Headers, peer: PeerAddress, framing: Framing) {
    content = Content(line, headers, peer, framing)
  }
}
