/// One HTTP request.
struct TransferRequest: Sendable {
  enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  let method: Method
  /// In the form in which it goes out: percent-encoded, ASCII alone.
  let url: String
  /// A body of JSON, if any.
  var body: [UInt8]?
}

/// The answer to a request, whole.
struct TransferAnswer: Sendable {
  let status: Int
  /// The value of `Content-Type`, or nothing.
  let contentType: String
  /// What `Retry-After` says, whichever of its two forms it has (RFC 9110 §10.2.3).
  let retryAfter: Duration?
  let body: [UInt8]
}
