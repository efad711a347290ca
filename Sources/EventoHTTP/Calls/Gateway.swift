internal import Evento
internal import EventoWire

/// The other end: sends calls to it, again where that may help, and tells its answers from its errors.
struct Gateway: Sendable {
  let client: TransferClient
  let base: BaseURL
  let callDeadline: Duration
  let retry: RetryPolicy

  /// An answer of success.
  struct Answer {
    let status: Int
    let body: [UInt8]

    /// Reads the body.
    ///
    /// - Throws: `unavailable` if it is not what docs/http-api.md says.
    func read<Value>(_ decode: ([UInt8]) throws(EventoError) -> Value) throws(EventoError) -> Value {
      do {
        return try decode(body)
      } catch {
        throw .unreadable(status: status, body: body, why: error.detail)
      }
    }
  }

  /// Why a call failed.
  struct Failure: Error {
    let error: EventoError
    /// Whether an earlier try of the same call may have been carried out: its answer, if there was one, is lost.
    let mayHaveBeenDone: Bool
    /// Whether it may be gone another time, without anything being changed.
    var isPassing = false
  }

  /// Sends a call.
  ///
  /// - Throws: the error that the gateway answers, or `unavailable` if it answers nothing that docs/http-api.md has.
  func send(_ call: Call) async throws(EventoError) -> Answer {
    do throws(Failure) {
      return try await sendTracing(call)
    } catch {
      throw error.error
    }
  }

  /// Sends a call whose answer of success is read as it comes.
  func stream(_ call: Call) -> AnswerStream {
    client.stream(TransferRequest(method: call.method, url: base.text + call.path.text, body: call.body))
  }

  /// What a stream that has ended was answered; `nil`: the stream itself.
  func failure(of answer: TransferAnswer) -> Failure? {
    let isStream = answer.contentType.names(mediaType: StreamFormat.ndjson.mediaType)
    guard answer.status != 200 || !isStream else { return nil }
    return Failure(
      error: .answered(answer), mayHaveBeenDone: false, isPassing: Self.passingStatuses.contains(answer.status))
  }

  /// ``send(_:)``, for whom the error alone says too little.
  func sendTracing(_ call: Call) async throws(Failure) -> Answer {
    let deadline = ContinuousClock.now + callDeadline
    let request = TransferRequest(method: call.method, url: base.text + call.path.text, body: call.body)
    let attempts = call.isRepeatable ? retry.attempts : 1
    var attempt = 0
    var mayHaveBeenDone = false
    var lastError: EventoError?
    while true {
      attempt += 1
      switch await outcome(of: request, call, deadline, mayHaveBeenDone) {
      case .answer(let answer):
        return answer
      case .late(let error):
        // Why it did not come through before says more than that there was no time for another try.
        throw Failure(error: lastError ?? error, mayHaveBeenDone: mayHaveBeenDone, isPassing: true)
      case .silent(let error):
        throw Failure(error: error, mayHaveBeenDone: mayHaveBeenDone, isPassing: true)
      case .error(let error):
        throw Failure(error: error, mayHaveBeenDone: mayHaveBeenDone)
      case .passing(let error, let retryAfter, let wasSent):
        let ownPause = retry.pause(after: attempt, jitter: .random(in: RetryPolicy.jitters))
        let pause = max(ownPause, retry.pause(askedFor: retryAfter))
        guard attempt < attempts, ContinuousClock.now + pause < deadline else {
          throw Failure(error: error, mayHaveBeenDone: mayHaveBeenDone, isPassing: true)
        }
        mayHaveBeenDone = mayHaveBeenDone || wasSent
        lastError = error
        do {
          try await Task.sleep(for: pause)
        } catch {
          var fault = TransferFault.cancelled
          fault.wasSent = mayHaveBeenDone
          throw Failure(error: .transfer(fault), mayHaveBeenDone: mayHaveBeenDone)
        }
      }
    }
  }

  /// What came of one try.
  private enum Outcome {
    case answer(Answer)
    case error(EventoError)
    /// The deadline passed before anything was sent.
    case late(EventoError)
    /// The deadline passed after something was sent.
    case silent(EventoError)
    /// An error that may be gone next time.
    case passing(EventoError, retryAfter: Duration?, wasSent: Bool)
  }

  private func outcome(
    of request: TransferRequest, _ call: Call, _ deadline: ContinuousClock.Instant, _ mayHaveBeenDone: Bool
  ) async -> Outcome {
    let answer: TransferAnswer
    do {
      answer = try await client.perform(request, deadline: deadline)
    } catch {
      var fault = error
      fault.wasSent = error.wasSent || mayHaveBeenDone
      switch fault.kind {
      case .unreachable, .lost, .full: return .passing(.transfer(fault), retryAfter: nil, wasSent: fault.wasSent)
      case .deadline where !error.wasSent: return .late(.transfer(fault))
      case .deadline: return .silent(.transfer(fault))
      case .cancelled, .closed, .tooLarge, .hopeless: return .error(.transfer(fault))
      }
    }
    if call.successes.contains(answer.status) { return .answer(Answer(status: answer.status, body: answer.body)) }
    let error = EventoError.answered(answer)
    return Self.passingStatuses.contains(answer.status)
      ? .passing(error, retryAfter: answer.retryAfter, wasSent: true) : .error(error)
  }

  /// 408 is what a proxy may answer on a connection that it found idle (RFC 9110 §15.5.9), 429 asks for patience, and
  /// the others say that somebody on the way could not do it just now.
  static let passingStatuses: Set<Int> = [408, 429, 502, 503, 504]
}
