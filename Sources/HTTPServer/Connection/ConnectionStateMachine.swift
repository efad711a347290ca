/// The protocol of one HTTP/1.1 connection, as a value without I/O, clock or handler.
///
/// ``Connection`` reports each event with its time, and performs the returned action. The value is plain memory: no
/// call copies a buffer or counts a reference.
///
/// Reading and responding are two states because they overlap: a response can be in progress while a body that the
/// handler does not use still arrives. Requests are processed one at a time, in order (RFC 9112 §9.3.2).
struct ConnectionStateMachine {
  /// The parts of the request that matter for the response.
  private struct Request {
    var framing = Framing()
    var version = HTTPVersion.oneDotOne
    var bodyBytes = 0
    /// True if the connection can be used again after it.
    var persists = false
    /// True if the peer still waits for `100 Continue`.
    var awaitsContinue = false
  }

  private let limits: Limits
  private(set) var reading = ReadState.head(.first)
  private(set) var response = ResponseState.none
  private(set) var peer = PeerState.sending
  private var request = Request()
  private var isDraining = false
  /// The bytes that wait to be written.
  private(set) var outputBytes = 0
  /// The time when the state of reading began, for its deadline.
  private var since: MonotonicTime
  /// The time when the peer last took some of the output; after the last response, when it last sent something.
  private(set) var lastProgress: MonotonicTime

  init(limits: Limits, at now: MonotonicTime) {
    self.limits = limits
    since = now
    lastProgress = now
  }

  var isOpen: Bool { if case .closed = reading { false } else { true } }

  var isCollecting: Bool { if case .collecting = reading { true } else { false } }

  var isReadingHead: Bool { if case .head = reading { true } else { false } }

  /// True if the last request is over, and nothing of the next one has arrived.
  var isIdle: Bool { if case .head(.idle) = reading { true } else { false } }

  /// True if bytes that were read and not consumed are needed later.
  var keepsInput: Bool {
    switch reading {
    case .closing, .closed: false
    case .head, .collecting, .discarding, .paused: true
    }
  }

  /// True if bytes of the peer should be read now.
  var wantsInput: Bool {
    switch reading {
    case .paused, .closed: false
    case .closing(let ending, _): ending == .finished
    case .head, .collecting, .discarding: outputBytes < limits.bufferedBytes
    }
  }

  var isHandling: Bool { if case .handling = response { true } else { false } }

  /// The bytes of the latest request's body that have arrived.
  var bodyBytes: Int { request.bodyBytes }

  var isStreaming: Bool { if case .streaming = response { true } else { false } }

  private var hasNotResponded: Bool { if case .pending = response { true } else { false } }
}

// MARK: - Events of the peer

extension ConnectionStateMachine {
  mutating func received(_ count: Int, at now: MonotonicTime) -> ReceiveAction {
    switch reading {
    case .head where outputBytes > 0 && outputBytes >= limits.bufferedBytes: return .leave
    case .head, .collecting, .discarding: return .parse
    case .paused, .closed: return .leave
    case .closing(let ending, let allowance):
      guard count <= allowance else { return .close }
      reading = .closing(ending, allowance: allowance - count)
      if ending == .finished { lastProgress = now }
      return .discard
    }
  }

  /// - Parameter bodyLimit: The maximum length of a body for the handler; `nil` if it uses none.
  mutating func headReceived(
    _ framing: Framing, version: HTTPVersion, bodyLimit: Int?, at now: MonotonicTime
  ) -> Action {
    request = Request(
      framing: framing, version: version, persists: framing.wantsKeepAlive,
      awaitsContinue: framing.expectsContinue && framing.hasBody)
    response = .pending
    since = now
    guard framing.hasBody else {
      reading = .paused
      return .respond
    }
    guard let bodyLimit else {
      reading = .discarding(allowance: limits.drainBytes)
      return .none
    }
    reading = .collecting(limit: bodyLimit)
    return framing.declaredLength ?? 0 > bodyLimit ? .reject(.bodyTooLong(limit: bodyLimit)) : .none
  }

  /// A chunk begins. One that is too large is refused before its bytes arrive, like a declared length.
  mutating func chunkBegan(_ length: Int, at now: MonotonicTime) -> Action {
    request.awaitsContinue = false
    switch reading {
    case .collecting(let limit) where length > limit - request.bodyBytes: return .reject(.bodyTooLong(limit: limit))
    case .discarding(let allowance) where length > allowance: return abandonBody(at: now)
    default: return .none
    }
  }

  mutating func bodyReceived(_ count: Int, at now: MonotonicTime) -> Action {
    request.awaitsContinue = false
    request.bodyBytes += count
    switch reading {
    case .collecting(let limit) where request.bodyBytes > limit: return .reject(.bodyTooLong(limit: limit))
    case .discarding(let allowance):
      guard count <= allowance else { return abandonBody(at: now) }
      reading = .discarding(allowance: allowance - count)
      return .none
    default: return .none
    }
  }

  mutating func bodyEnded(at now: MonotonicTime) -> Action {
    reading = .paused
    return hasNotResponded ? .respond : finishRequest(at: now)
  }

  /// All received bytes are consumed, and the request is incomplete.
  ///
  /// - Parameter isPartial: True if some of it has arrived.
  mutating func starved(isPartial: Bool, at now: MonotonicTime) -> Action {
    switch reading {
    case .head(.idle) where isPartial:
      reading = .head(.partial)
      since = now
      return .none
    case .head(.first) where isPartial:
      reading = .head(.partial)
      return .none
    case .collecting where request.awaitsContinue:
      // RFC 9110 §10.1.1: not if the body has begun to arrive.
      request.awaitsContinue = false
      return .sendContinue
    case .discarding(let allowance) where hasNotResponded:
      // The client would wait for the response before it sends the rest. RFC 9110 §10.1.1: if it waits for 100
      // Continue, the server can't tell if the body will still come.
      let rest = (request.framing.declaredLength ?? 0) - request.bodyBytes
      return request.awaitsContinue || rest > allowance ? abandonBody(at: now) : .respond
    default: return .none
    }
  }

  /// Leaves the rest of the body unread, which ends the connection.
  private mutating func abandonBody(at now: MonotonicTime) -> Action {
    request.persists = false
    reading = .paused
    return hasNotResponded ? .respond : finishRequest(at: now)
  }

  /// The peer sends no more. Its last bytes may be unread.
  ///
  /// - Returns: False if that was known.
  mutating func peerFinished() -> Bool {
    guard peer == .sending else { return false }
    peer = .finished
    return true
  }

  /// All bytes of the peer have been read.
  mutating func peerEnded() {
    peer = .ended
  }

  /// All bytes of the peer have been consumed (RFC 9112 §9.6: it may still read).
  ///
  /// - Parameter isPartial: True if they end in the middle of a head.
  mutating func inputEnded(isPartial: Bool, at now: MonotonicTime) -> Action {
    switch reading {
    case .paused, .closed: return .none
    case .closing(let ending, _): return ending == .finished || outputBytes == 0 ? .close(.done) : .none
    case .discarding where !hasNotResponded: return abandonBody(at: now)
    case .head where !isPartial: return beginClosing(at: now)
    // RFC 9112 §8.
    case .head, .collecting, .discarding: return .reject(.incomplete)
    }
  }
}

// MARK: - Events of the handler

extension ConnectionStateMachine {
  /// The handler has begun, and responds later.
  mutating func handlingBegan(at now: MonotonicTime) {
    response = .handling(until: now + limits.timeouts.handler)
  }

  /// The handler has responded.
  ///
  /// - Returns: True if the connection can be used again after the response.
  mutating func responseBegan(asksToClose: Bool, isStream: Bool) -> Bool {
    if isDraining || asksToClose || isStream && request.version == .oneDotZero { request.persists = false }
    return request.persists
  }

  /// The head of a response has been queued. Its body is a stream.
  mutating func streamBegan() {
    response = .streaming
  }

  /// All of the response has been queued.
  mutating func responseEnded(at now: MonotonicTime) -> Action {
    response = .complete
    return finishRequest(at: now)
  }

  /// A stream failed. RFC 9112 §8: without the last chunk, the client can see that the body is incomplete.
  mutating func streamFailed(at now: MonotonicTime) -> Action {
    beginClosing(thenReset: request.version == .oneDotZero, at: now)
  }

  /// Ends a request that can't be served. The connection closes, because the start of the next request is unknown.
  mutating func rejected(at now: MonotonicTime) -> RejectionStage {
    let stage: RejectionStage =
      switch response {
      case .none, .pending, .handling: .beforeResponse
      case .streaming: .duringResponse
      case .complete: .afterResponse
      }
    if stage != .duringResponse { _ = beginClosing(at: now) }
    return stage
  }

  /// Ends the request once it has been read and its response is complete.
  private mutating func finishRequest(at now: MonotonicTime) -> Action {
    guard case .complete = response, case .paused = reading else { return .none }
    guard request.persists, !isDraining else { return beginClosing(at: now) }
    response = .none
    reading = .head(.idle)
    since = now
    return .nextRequest
  }
}

// MARK: - Output and the end

extension ConnectionStateMachine {
  mutating func outputQueued(_ count: Int, at now: MonotonicTime) {
    if outputBytes == 0 { lastProgress = now }
    outputBytes += count
  }

  /// The peer has taken a number of bytes of the output, or none because there is no output.
  mutating func outputSent(_ count: Int, at now: MonotonicTime) -> Action {
    if count > 0 { lastProgress = now }
    outputBytes -= count
    guard outputBytes == 0, case .closing(.writing(let thenReset), let allowance) = reading else { return .none }
    if thenReset { return .close(.brokenStream) }
    if peer == .ended { return .close(.done) }
    reading = .closing(.finished, allowance: allowance)
    since = now
    lastProgress = now
    return .finishWriting
  }

  /// A stream has output, and none waited before.
  mutating func streamResumed(at now: MonotonicTime) {
    lastProgress = now
  }

  /// The server is stopping: no response keeps the connection open from now on.
  mutating func drain() {
    isDraining = true
  }

  /// Closes a connection that is draining and has no request.
  mutating func closeIfIdle(at now: MonotonicTime) -> Action {
    guard reading == .head(.first) || reading == .head(.idle) else { return .none }
    // No data would be lost, so there is no reason to wait for the peer.
    return outputBytes == 0 ? .close(.done) : beginClosing(at: now)
  }

  /// The connection is closed, for any reason.
  ///
  /// - Returns: True if a reset must show the peer that a body is incomplete; `nil` if it was closed before.
  mutating func closed() -> Bool? {
    guard isOpen else { return nil }
    defer {
      reading = .closed
      response = .none
    }
    return if case .closing(.writing(thenReset: true), _) = reading { true } else { false }
  }

  private mutating func beginClosing(thenReset: Bool = false, at now: MonotonicTime) -> Action {
    response = .none
    reading = .closing(.writing(thenReset: thenReset), allowance: limits.lingerBytes)
    since = now
    return .closeAfterOutput
  }
}

// MARK: - Deadlines

extension ConnectionStateMachine {
  /// Returns the time by which something must have happened.
  ///
  /// - Parameter pending: The work for which the peer has to wait, and so has no deadline.
  func deadline(_ pending: PendingWork) -> MonotonicTime {
    var earliest = readDeadline(pending)
    if case .handling(let deadline) = response { earliest = min(earliest, deadline) }
    return min(earliest, writeDeadline(pending))
  }

  private func readDeadline(_ pending: PendingWork) -> MonotonicTime {
    let timeouts = limits.timeouts
    switch reading {
    case .head where pending.contains(.unreadInput): return .never
    case .head(.first), .head(.partial): return since + timeouts.head
    case .head(.idle): return since + timeouts.idle
    case .collecting, .discarding: return since + timeouts.bodyGrace + timeouts.body(request.bodyBytes)
    case .closing(.finished, _): return min(lastProgress + timeouts.lingerIdle, since + timeouts.linger)
    case .paused, .closing, .closed: return .never
    }
  }

  private func writeDeadline(_ pending: PendingWork) -> MonotonicTime {
    outputBytes == 0 || pending.contains(.streamTurn) ? .never : lastProgress + limits.timeouts.write
  }

  /// The time of ``deadline(_:)`` has come.
  func deadlinePassed(_ pending: PendingWork, at now: MonotonicTime) -> Action {
    guard isOpen, deadline(pending) <= now else { return .none }
    if case .closing = reading, outputBytes == 0 { return .close(.done) }
    if writeDeadline(pending) <= now { return .close(.unreadOutput) }
    if case .handling(let deadline) = response, deadline <= now { return .reject(.handlerTooSlow) }
    switch reading {
    case .head(.partial): return .reject(.headTooSlow)
    case .collecting, .discarding: return .reject(.bodyTooSlow)
    case .head, .paused, .closing, .closed: return .close(.idle)
    }
  }
}
