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
  /// Percent-encoded, in ASCII.
  let url: String
  /// The JSON body, if any.
  var body: [UInt8]?
}

/// The complete response to a request.
struct TransferAnswer: Sendable {
  let status: Int
  /// The value of `Content-Type`, or empty.
  let contentType: String
  /// The value of `Retry-After`, in either of its forms (RFC 9110 §10.2.3).
  let retryAfter: Duration?
  let body: [UInt8]
}
