/// Why a transfer ended without an answer.
struct TransferFault: Error, Equatable {
  enum Kind: Sendable {
    /// The task that asked for it was cancelled.
    case cancelled
    /// The client was closed.
    case closed
    /// The deadline of the call passed.
    case deadline
    /// No connection came about.
    case unreachable
    /// The connection broke, or what came over it was no HTTP.
    case lost
    /// All connections have streams. The summary is whole sentences.
    case full
    /// The answer was larger than the limit. The summary is whole sentences.
    case tooLarge
    /// Another try would end the same way: a certificate that does not hold, a file that is not there.
    case hopeless
  }

  let kind: Kind
  /// Whether any byte of the request went out, so that the other side may have acted on it.
  var wasSent = false
  /// In a few words, without addresses or names of the network.
  let summary: String
  /// All that libcurl says, for a log.
  var detail = ""

  static let cancelled = TransferFault(kind: .cancelled, summary: "the task was cancelled")
  static let closed = TransferFault(kind: .closed, summary: "the executor is closed")
  static let deadline = TransferFault(kind: .deadline, summary: "the deadline passed")

  static func tooManyStreams(_ limit: Int) -> TransferFault {
    TransferFault(
      kind: .full,
      summary: "This executor follows the log \(limit) times already, which is its limit. "
        + "Raise HTTPConfiguration.followerConnections, or share followers.")
  }

  static func stalled(_ time: Duration) -> TransferFault {
    TransferFault(kind: .lost, wasSent: true, summary: "nothing came for \(time)")
  }

  static func tooLarge(_ limit: AnswerLimit) -> TransferFault {
    let advice = limit.setting.map { "Ask for less, or raise \($0)." } ?? "No larger one is accepted."
    return TransferFault(
      kind: .tooLarge, wasSent: true, summary: "The response is larger than \(limit.bytes) bytes. \(advice)")
  }

  static let headTooLarge = TransferFault(
    kind: .tooLarge, wasSent: true, summary: "The head of the response is too large. Check that the URL is a gateway's."
  )
}
