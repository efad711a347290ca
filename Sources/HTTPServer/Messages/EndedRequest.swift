/// A request that is over, for the handler's log.
package struct EndedRequest: Sendable {
  /// `nil` if the error is in the head itself, or the connection was refused.
  package let head: RequestHead?
  /// The method of the request line, which can be unknown; `nil` if the line could not be read.
  package let method: String?
  /// The path of the request line; `nil` if it could not be read.
  package let path: String?
  /// The head's fields; without a head, those that were read.
  package let fields: Headers
  /// The sender.
  package let peer: PeerAddress
  /// The status of the response; `nil` if the connection was closed before there was one.
  package let status: Int?
  /// The bytes of the request's body that were received, without chunk headers.
  package let requestBytes: Int
  /// The bytes of the response's body that were passed to the connection, without chunk headers. The client may not have
  /// received all of them.
  package let responseBytes: Int
  /// The time since the head was complete; `nil` without a head.
  package let duration: Duration?
  /// True if all of the response was passed to the connection.
  package let isComplete: Bool
  /// The value of ``Response/note``.
  package let note: (any AnyObject & Sendable)?
}

/// The facts of a request in progress, for its ``EndedRequest``.
struct RequestRecord {
  let head: RequestHead
  let start: MonotonicTime
  var status: Int?
  var responseBytes = 0
  var note: (any AnyObject & Sendable)?

  init(_ head: RequestHead, at start: MonotonicTime) {
    self.head = head
    self.start = start
  }
}
