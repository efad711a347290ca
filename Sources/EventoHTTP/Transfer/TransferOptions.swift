/// What holds for every transfer of a client.
struct TransferOptions: Sendable {
  /// At least 1.
  var connections: Int
  var connectDeadline: Duration
  /// Bytes of an answer's body, after any decompression.
  var answerBytes: Int
  var userAgent: String
  /// Header lines of every request: `Name: value`.
  var headers: [String]
  var unixSocket: String?
  /// `nil`: as the environment says. Empty: none.
  var proxy: String?
  var caFile: String?
  var certificateFile: String?
  var keyFile: String?

  /// Header lines of a request with a body.
  static let bodyHeaders = ["Content-Type: application/json"]
  /// The bytes of header section, trailers and interim answers that one answer may have.
  static let headerBytes = 256 << 10
}
