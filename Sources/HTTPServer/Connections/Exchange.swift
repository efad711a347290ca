/// A request and what has become of its answer.
struct Exchange {
  enum Progress {
    /// The handler has not been asked for its answer, or has not been told that it is wanted.
    case receiving
    /// It is worked on until that deadline.
    case working(Work, deadline: Instant)
    /// The body is written by a task.
    case streaming(BodyWriter, Task<Void, Never>, isChunked: Bool)
    /// All of it is in the output.
    case answered
  }

  /// Who works on it.
  enum Work {
    case task(Task<Void, Never>)
    /// Whoever has the responder, which tells of this.
    case responder(Departure)

    /// Nobody waits for it any more.
    func cancel() {
      switch self {
      case .task(let task): task.cancel()
      case .responder(let departure): departure.come()
      }
    }
  }

  let head: RequestHead
  var progress = Progress.receiving
  /// Whether the connection can go on after this exchange.
  var persists: Bool
  /// Whether the client still waits to be told to send the body.
  var awaitsContinue: Bool
  /// What tells the handler that the client may be gone; `nil` if it did not ask for it.
  var sendingEnd: SendingEnd?

  init(_ head: RequestHead) {
    self.head = head
    persists = head.wantsKeepAlive
    awaitsContinue = head.expectsContinue && head.hasBody
  }
}

/// What a connection does with the bytes that come.
enum Intake {
  /// They are a head.
  case head
  /// They are a body that the handler wants.
  case collecting(limit: Int, then: @Sendable ([UInt8]) -> Answer)
  /// They are a body that nobody wants; the answer is given as soon as no more of it is at hand.
  case discarding(Answer?, allowance: Int)
  /// They stay where they are: a request is being answered.
  case held
  /// They are thrown away until the client closes.
  case lingering(allowance: Int)
}
