internal import CCurl

/// The error of a transfer without a response.
struct TransferError: Error, Equatable {
  enum Kind: Sendable {
    /// The task was cancelled.
    case cancelled
    /// The client was closed.
    case closed
    /// The call's deadline passed.
    case deadline
    /// No connection could be made.
    case unreachable
    /// The connection broke, or the response was not HTTP.
    case lost
    /// All connections are in use by streams. The summary is complete sentences.
    case full
    /// The response was larger than the limit. The summary is complete sentences.
    case tooLarge
    /// A retry would fail the same way: an invalid certificate, a missing file.
    case permanent
  }

  let kind: Kind
  /// True if any byte of the request was sent, so that the server may have acted on it.
  var wasSent = false
  /// A short description, without addresses or names of the network.
  let summary: String
  /// libcurl's message, for a log.
  var detail = ""

  static let cancelled = TransferError(kind: .cancelled, summary: "the task was cancelled")
  static let closed = TransferError(kind: .closed, summary: "the executor is closed")
  static let deadline = TransferError(kind: .deadline, summary: "the deadline passed")

  static func tooManyStreams(_ limit: Int) -> TransferError {
    TransferError(
      kind: .full,
      summary: "Too many followers of the log (limit \(limit)). "
        + "Raise HTTPConfiguration.followerConnections, or share followers.")
  }

  static func stalled(_ time: Duration) -> TransferError {
    TransferError(kind: .lost, wasSent: true, summary: "nothing arrived for \(time)")
  }

  static func tooLarge(_ limit: ResponseLimit) -> TransferError {
    let advice = limit.setting.map { "Request less, or raise \($0)." } ?? "No larger response is accepted."
    return TransferError(
      kind: .tooLarge, wasSent: true, summary: "The response is larger than \(limit.bytes) bytes. \(advice)")
  }

  static let headTooLarge = TransferError(
    kind: .tooLarge, wasSent: true,
    summary: "The head of the response is too large. Check that the URL leads to a gateway."
  )
}

extension CURLcode {
  /// Returns the kind of error, for the decision about a retry: https://curl.se/libcurl/c/libcurl-errors.html
  func errorKind(wasSent: Bool) -> TransferError.Kind {
    switch self {
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS,
      CURLE_SSL_CLIENTCERT, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_OUT_OF_MEMORY,
      CURLE_URL_MALFORMAT, CURLE_NOT_BUILT_IN, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_FAILED_INIT,
      CURLE_UNKNOWN_OPTION, CURLE_BAD_CONTENT_ENCODING, CURLE_UNSUPPORTED_PROTOCOL:
      .permanent
    default:
      wasSent ? .lost : .unreachable
    }
  }
}

extension Duration {
  /// The duration in whole milliseconds, rounded up, limited to 31 bits.
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    guard seconds < 2_000_000 else { return 2_000_000_000 }
    guard seconds > -2_000_000 else { return -2_000_000_000 }
    let (whole, rest) = attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000_000_000)
    return Int(seconds * 1000 + whole) + (rest > 0 ? 1 : 0)
  }
}
