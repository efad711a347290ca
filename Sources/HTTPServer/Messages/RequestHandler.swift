/// What the server asks for answers. One handler serves all connections at once.
public protocol RequestHandler: Sendable {
  /// Says what is to become of a request, of which the head alone has come.
  ///
  /// Called on an event loop's thread, before the body and before any `100 Continue`: it must not block.
  func receive(_ head: RequestHead) -> Reception

  /// The answer to a request that the server does not take.
  ///
  /// Called on an event loop's thread: it must not block. The connection is closed after it.
  func response(to refusal: Refusal) -> Response
}

/// What a handler does with a request.
public enum Reception: Sendable {
  /// Answer without the body. One that comes all the same is thrown away, up to a limit; past it the connection closes.
  case answer(Answer)
  /// Read the body, of at most `limit` bytes, and answer then; a longer one is a fault, before `100 Continue` where its
  /// length is declared. `then` is called on the event loop's thread: it must not block.
  case readBody(limit: Int, then: @Sendable ([UInt8]) -> Answer)
}

/// When there is an answer.
public enum Answer: Sendable {
  /// Now.
  case now(Response)
  /// Once the closure returns. It runs in a task of its own, off the event loop, which is cancelled when the client is
  /// gone or the handler's deadline has passed. One that waits for long ends its wait when the client has sent its end.
  case later(@Sendable (SendingEnd) async -> Response)
  /// Once the responder has it: for work that tells of its end by a call, from whatever thread, and needs no task. The
  /// closure is called on the event loop's thread: it must not block. ``Responder/isUnwanted`` tells when nobody waits any
  /// more.
  case whenSent(@Sendable (Responder) -> Void)
}
