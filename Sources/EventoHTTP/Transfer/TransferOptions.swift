/// What holds for every transfer of a client.
struct TransferOptions: Sendable {
  /// At least 1.
  var connections: Int
  var connectDeadline: Duration
  /// Bytes of an answer's body, after any decompression.
  var answerLimit: AnswerLimit
  var userAgent: String
  /// The value of `Accept`.
  var accept: String
  /// Other header lines of every request: `Name: value`.
  var headers: [String] = []
  var unixSocket: String?
  /// `nil`: as the environment says. Empty: none.
  var proxy: String?
  var caFile: String?
  var certificateFile: String?
  var keyFile: String?
  /// For transfers whose answers are read as they come and have no end; `nil`: for calls.
  var streaming: Streaming?

  struct Streaming: Sendable {
    /// What a body is that is read as it comes. All else that is answered is gathered, as to a call.
    var mediaType: String
    /// After how long without a byte a connection is taken for dead.
    var stallTimeout: Duration
  }

  /// Header lines of a request with a body.
  ///
  /// For a body over 1 MiB libcurl asks first with `Expect: 100-continue`, which a hop may answer with 417
  /// (RFC 9110 §10.1.1). A line without a value removes the field: https://curl.se/libcurl/c/CURLOPT_HTTPHEADER.html
  static let bodyHeaders = ["Content-Type: application/json", "Expect:"]
  /// The bytes of header section, trailers and interim answers that one answer may have.
  static let headerBytes = 256 << 10
}
