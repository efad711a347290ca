internal import Evento
internal import EventoWire

/// A client of the gateway: sends calls, retries them, and separates results from errors.
struct GatewayClient: Sendable {
  let client: TransferClient
  let base: BaseURL
  let callDeadline: Duration
  let retry: RetryPolicy
  let traceparent: @Sendable () -> String?

  /// A successful response.
  struct Response {
    let status: Int
    let body: [UInt8]

    /// Parses the body.
    ///
    /// - Throws: `unavailable` if it does not match docs/http-api.md.
    func read<Value>(_ decode: ([UInt8]) throws(EventoError) -> Value) throws(EventoError) -> Value {
      do {
        return try decode(body)
      } catch {
        throw .unreadable(status: status, body: body, why: error.detail)
      }
    }
  }

  /// The error of a call.
  struct Failure: Error {
    let error: EventoError
    /// True if an earlier attempt of the same call may have been carried out: its response, if any, is lost.
    let mayHaveBeenDone: Bool
    /// True if a retry may succeed without any change.
    var isTransient = false
  }

  /// Sends a call.
  ///
  /// - Throws: The gateway's error, or `unavailable` if the response does not match docs/http-api.md.
  func send(_ call: Call) async throws(EventoError) -> Response {
    do throws(Failure) {
      return try await perform(call)
    } catch {
      throw error.error
    }
  }

  /// Sends a call whose successful response is read as it arrives.
  func stream(_ call: Call) -> ResponseStream {
    client.stream(request(call))
  }

  /// Returns the error of an ended stream; `nil` if it was the stream itself.
  func failure(of response: TransferResponse) -> Failure? {
    let isStream = response.contentType.names(mediaType: StreamFormat.ndjson.mediaType)
    guard response.status != 200 || !isStream else { return nil }
    return Failure(
      error: .unsuccessful(response), mayHaveBeenDone: false,
      isTransient: Self.transientStatuses.contains(response.status))
  }

  private func request(_ call: Call) -> TransferRequest {
    TransferRequest(
      method: call.method, url: base.text + call.path.text, body: call.body,
      traceParent: traceparent().flatMap { TraceParent($0) })
  }

  /// Sends a call like ``send(_:)``. The error also says whether something may have been done.
  func perform(_ call: Call) async throws(Failure) -> Response {
    let deadline = ContinuousClock.now + callDeadline
    let request = request(call)
    let attempts = call.isRepeatable ? retry.attempts : 1
    var attempt = 0
    var mayHaveBeenDone = false
    var lastError: EventoError?
    while true {
      attempt += 1
      switch await outcome(of: request, call, deadline, mayHaveBeenDone) {
      case .response(let response):
        return response
      case .timedOutBeforeSend(let error):
        // The earlier error is more useful than the fact that there was no time for a retry.
        throw Failure(error: lastError ?? error, mayHaveBeenDone: mayHaveBeenDone, isTransient: true)
      case .timedOutAfterSend(let error):
        throw Failure(error: error, mayHaveBeenDone: mayHaveBeenDone, isTransient: true)
      case .error(let error):
        throw Failure(error: error, mayHaveBeenDone: mayHaveBeenDone)
      case .transient(let error, let retryAfter, let wasSent):
        let delay = max(retry.backoff.delay(beforeRetry: attempt), retry.delay(requested: retryAfter))
        guard attempt < attempts, ContinuousClock.now + delay < deadline else {
          throw Failure(error: error, mayHaveBeenDone: mayHaveBeenDone, isTransient: true)
        }
        mayHaveBeenDone = mayHaveBeenDone || wasSent
        lastError = error
        do {
          try await Task.sleep(for: delay)
        } catch {
          var cancelled = TransferError.cancelled
          cancelled.wasSent = mayHaveBeenDone
          throw Failure(error: .transfer(cancelled), mayHaveBeenDone: mayHaveBeenDone)
        }
      }
    }
  }

  /// The result of one attempt.
  private enum Outcome {
    case response(Response)
    case error(EventoError)
    /// The deadline passed before anything was sent.
    case timedOutBeforeSend(EventoError)
    /// The deadline passed after something was sent.
    case timedOutAfterSend(EventoError)
    /// A transient error.
    case transient(EventoError, retryAfter: Duration?, wasSent: Bool)
  }

  private func outcome(
    of request: TransferRequest, _ call: Call, _ deadline: ContinuousClock.Instant, _ mayHaveBeenDone: Bool
  ) async -> Outcome {
    let response: TransferResponse
    do {
      response = try await client.perform(request, deadline: deadline)
    } catch {
      // The error of the whole call: something may have been sent by an earlier attempt.
      var callError = error
      callError.wasSent = error.wasSent || mayHaveBeenDone
      switch error.kind {
      case .unreachable, .lost, .full:
        return .transient(.transfer(callError), retryAfter: nil, wasSent: callError.wasSent)
      case .deadline where !error.wasSent: return .timedOutBeforeSend(.transfer(callError))
      case .deadline: return .timedOutAfterSend(.transfer(callError))
      case .cancelled, .closed, .tooLarge, .permanent: return .error(.transfer(callError))
      }
    }
    if call.successes.contains(response.status) {
      return .response(Response(status: response.status, body: response.body))
    }
    let error = EventoError.unsuccessful(response)
    return Self.transientStatuses.contains(response.status)
      ? .transient(error, retryAfter: response.retryAfter, wasSent: true) : .error(error)
  }

  /// The transient status codes. A proxy may send 408 on an idle connection (RFC 9110 §15.5.9), 429 requests a delay,
  /// and the others mean that a proxy or gateway could not handle the request right now.
  static let transientStatuses: Set<Int> = [408, 429, 502, 503, 504]
}

/// One call to the gateway.
struct Call {
  let method: TransferRequest.Method
  let path: ResourcePath
  var body: [UInt8]?
  /// The status codes of successful responses; all others are errors.
  let successes: Set<Int>
  /// True if it can be retried. All calls may be sent twice, as ``RetryPolicy`` says, except one about the current
  /// state.
  var isRepeatable = true

  static func get(_ path: ResourcePath) -> Call {
    Call(method: .get, path: path, successes: [200])
  }

  static func post(_ path: ResourcePath, _ body: [UInt8], successes: Set<Int>) -> Call {
    Call(method: .post, path: path, body: body, successes: successes)
  }

  static func put(_ path: ResourcePath, _ body: [UInt8], successes: Set<Int>) -> Call {
    Call(method: .put, path: path, body: body, successes: successes)
  }

  static func patch(_ path: ResourcePath, _ body: [UInt8]) -> Call {
    Call(method: .patch, path: path, body: body, successes: [200])
  }

  static func delete(_ path: ResourcePath) -> Call {
    Call(method: .delete, path: path, successes: [204])
  }

  /// The response is valid whether the gateway is ready or not.
  static let readiness = Call(method: .get, path: "/readyz", successes: [200, 503], isRepeatable: false)
}
