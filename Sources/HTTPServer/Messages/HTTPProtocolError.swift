/// An error because of which the server itself rejects a request, or gives it up.
package struct HTTPProtocolError: Error, Sendable, Equatable {
  /// The kind of error.
  package enum Kind: Sendable, Equatable {
    /// The handler exceeded its deadline. Its work may still be done.
    case handlerTimeout
    /// The message is malformed or ambiguous.
    case badRequest
    /// The server does not support the method for any target.
    case methodNotAllowed
    /// The head or the body arrived too slowly.
    case requestTimeout
    /// The body is over the limit.
    case contentTooLarge
    /// The request line is over the limit.
    case uriTooLong
    /// `Expect` is not `100-continue`.
    case expectationFailed
    /// The header section is too long, or has too many fields.
    case headersTooLarge
    /// The handler's response can't be sent.
    case invalidResponse
    /// The server does not support the method or transfer coding.
    case notImplemented
    /// There are too many connections or bodies.
    case overloaded
    /// The version is neither HTTP/1.1 nor HTTP/1.0.
    case versionNotSupported
  }

  package let kind: Kind
  /// The text for a person: what is wrong and how to fix it. It quotes the limit, if there is one.
  package let detail: String

  package init(_ kind: Kind, _ detail: String) {
    self.kind = kind
    self.detail = detail
  }

  /// The status of the response.
  package var status: Int {
    switch kind {
    case .badRequest: 400
    case .methodNotAllowed: 405
    case .requestTimeout: 408
    case .contentTooLarge: 413
    case .uriTooLong: 414
    case .expectationFailed: 417
    case .headersTooLarge: 431
    case .invalidResponse: 500
    case .notImplemented: 501
    case .handlerTimeout, .overloaded: 503
    case .versionNotSupported: 505
    }
  }
}
