internal import EventoWire
internal import Synchronization

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
  /// The value of `traceparent`, if any.
  var traceParent: TraceParent?
}

/// The complete response to a request.
struct TransferResponse: Sendable {
  let status: Int
  /// The value of `Content-Type`, or empty.
  let contentType: String
  /// The value of `Retry-After`, in either of its forms (RFC 9110 §10.2.3).
  let retryAfter: Duration?
  let body: [UInt8]
}

/// A request, passed from its task to the thread that carries it out.
final class Transfer: Sendable {
  let request: TransferRequest
  /// `nil` for no deadline, as long as bytes arrive.
  let deadline: ContinuousClock.Instant?
  /// The pipe for the body of a successful response; `nil` to collect it and return it complete.
  let pipe: BodyPipe?
  private let cancelled = Atomic(false)

  init(_ request: TransferRequest, deadline: ContinuousClock.Instant?, into pipe: BodyPipe? = nil) {
    self.request = request
    self.deadline = deadline
    self.pipe = pipe
  }

  /// True if the response is no longer needed.
  var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

  func cancel() {
    cancelled.store(true, ordering: .releasing)
  }
}

/// The options common to all transfers of a client.
struct TransferOptions: Sendable {
  /// At least 1.
  var connections: Int
  var connectDeadline: Duration
  /// The maximum size of a response's body in bytes, after decompression.
  var responseLimit: ResponseLimit
  var acceptsCompression = false
  var userAgent: String
  /// The value of `Accept`.
  var accept: String
  /// Other header lines of every request: `Name: value`.
  var headers: [String] = []
  var unixSocket: String?
  /// `nil` for the environment's proxy; empty for none.
  var proxy: String?
  var caFile: String?
  var certificateFile: String?
  var keyFile: String?
  /// The options of streams, whose responses are read as they arrive and have no end; `nil` for calls.
  var streaming: Streaming?

  struct Streaming: Sendable {
    /// The media type of a body that is streamed. Any other response is collected, like that of a call.
    var mediaType: String
    /// The time without a byte after which a connection is considered dead.
    var stallTimeout: Duration
  }

  /// Header lines of a request with a body.
  ///
  /// For a body over 1 MiB, libcurl first sends `Expect: 100-continue`, to which a hop may respond with 417 (RFC 9110
  /// §10.1.1). A line without a value removes the field: https://curl.se/libcurl/c/CURLOPT_HTTPHEADER.html
  static let bodyHeaders = ["Content-Type: application/json", "Expect:"]
  /// The maximum size of a response's header section, trailers and interim responses, in bytes.
  static let headerBytes = 256 << 10
}
