/// A response of a handler.
///
/// The server adds `Date` and the fields of the framing (`Content-Length`, `Transfer-Encoding`, `Connection`) and
/// leaves the body out where RFC 9110 has none: on `HEAD`, 204 and 304.
package struct Response: Sendable {
  /// The content of a response.
  package enum Body: Sendable {
    /// None; where the status has a body, one of no bytes.
    case none
    /// All of it.
    case bytes([UInt8])
    /// What the closure writes, sent as it comes. It runs in a task of its own, which is cancelled when the client is
    /// gone; a closure that throws cuts the body off in a way that the client notices. It is not run on `HEAD`.
    case stream(@Sendable (BodyWriter) async throws -> Void)
  }

  /// 200…599.
  package var status: Int
  /// The fields. Of `Connection`, `close` alone counts; the other fields of the framing are left out.
  package var headers: Headers
  /// The content.
  package var body: Body

  package init(status: Int = 200, headers: Headers = Headers(), body: Body = .none) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}
