/// A response of a handler.
///
/// The server adds `Date` and the fields of the framing (`Content-Length`, `Transfer-Encoding`, `Connection`). It omits
/// the body if RFC 9110 allows none: on `HEAD`, 204 and 304.
package struct Response: Sendable {
  /// The content of a response.
  package enum Body: Sendable {
    /// No body; an empty one if the status requires a body.
    case none
    /// The whole body.
    case bytes([UInt8])
    /// The output of the closure, sent as it is written. The closure runs in a task of its own, which is cancelled when
    /// the client is gone. If it throws, the body is cut off in a way that the client notices. It is not run on `HEAD`.
    case stream(@Sendable (BodyWriter) async throws -> Void)
  }

  /// 200…599.
  package var status: Int
  /// The fields. Of `Connection`, only `close` counts; the other fields of the framing are ignored.
  package var headers: Headers
  /// The content.
  package var body: Body
  /// The handler's own object, which ``EndedRequest`` returns. The server does not use it.
  package var note: (any AnyObject & Sendable)?

  package init(status: Int = 200, headers: Headers = Headers(), body: Body = .none) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}
