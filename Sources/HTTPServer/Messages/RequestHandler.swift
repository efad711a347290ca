/// Makes the responses of a server. One handler serves all connections at once.
package protocol RequestHandler: Sendable {
  /// Decides about a request after its head.
  ///
  /// Called on an event loop's thread, before the body and before any `100 Continue`: it must not block.
  func receive(_ head: RequestHead) -> Reception

  /// Returns the response to a request that the server rejects or gives up.
  ///
  /// Called on an event loop's thread: it must not block. The connection is closed after it.
  func response(to request: RejectedRequest) -> Response

  /// True if ``ended(_:)`` is called. It must not change.
  var observesEnds: Bool { get }

  /// Reports the end of each request, once: when all of its response was passed to the connection, or when the
  /// connection was closed before that. Of the connections over the limit, those that get no response are not reported.
  ///
  /// Called on an event loop's thread: it must not block.
  func ended(_ request: EndedRequest)
}

extension RequestHandler {
  package var observesEnds: Bool { false }

  package func ended(_ request: EndedRequest) {}
}

/// The way in which a handler receives a request.
package enum Reception: Sendable {
  /// Respond without the body. A body is discarded up to a limit, above which the connection closes.
  case respond(ResponseSource)
  /// Read the body, of at most `limit` bytes, and then respond. A longer body is rejected, before `100 Continue` if its
  /// length is declared. `then` is called on the event loop's thread: it must not block.
  case readBody(limit: Int, then: @Sendable ([UInt8]) -> ResponseSource)
}

/// The way in which a response is made.
package enum ResponseSource: Sendable {
  /// The response is ready.
  case response(Response)
  /// The closure returns it. It runs in a task of its own, off the event loop, which is cancelled when the client is
  /// gone or the handler's deadline has passed. A long wait should end when the client half-closes the connection.
  case task(@Sendable (HalfCloseSignal) async -> Response)
  /// The responder gets it from any thread, for work that ends with a call and needs no task. The closure is called on
  /// the event loop's thread: it must not block.
  case callback(@Sendable (Responder) -> Void)
}

/// A request that the server itself rejects or gives up.
package struct RejectedRequest: Sendable {
  /// The reason.
  package let error: HTTPProtocolError
  /// `nil` if the error is in the head itself.
  package let head: RequestHead?
  /// The head's fields; if the error is in the head itself, those before it.
  package let fields: Headers
  /// The time that the handler had worked on it; `nil` if it had not begun.
  package let duration: Duration?
}
