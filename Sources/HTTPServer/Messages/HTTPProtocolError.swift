/// An error for which the server itself rejects a request, or gives it up.
package struct HTTPProtocolError: Error, Sendable, Equatable {
  /// What is wrong.
  package enum Kind: Sendable, Equatable, CaseIterable {
    /// The handler took longer than it may. What it was at may be done all the same.
    case handlerTimeout
    /// The message is malformed or ambiguous.
    case badRequest
    /// The method means nothing for any target here.
    case methodNotAllowed
    /// The head or the body came too slowly.
    case requestTimeout
    /// The body is longer than it may be.
    case contentTooLarge
    /// The request line is longer than it may be.
    case uriTooLong
    /// `Expect` asks for something other than `100-continue`.
    case expectationFailed
    /// The header section is longer, or has more fields, than it may.
    case headersTooLarge
    /// The handler's response can't be sent.
    case invalidResponse
    /// The server has no such method or transfer coding.
    case notImplemented
    /// There are too many connections, or bodies.
    case overloaded
    /// The version is neither HTTP/1.1 nor HTTP/1.0.
    case versionNotSupported
  }

  package let kind: Kind
  /// What is wrong and how to mend it, for a person; quotes the limit where there is one.
  package let detail: String

  package init(_ kind: Kind, _ detail: String) {
    self.kind = kind
    self.detail = detail
  }

  /// The status that stands for it.
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
