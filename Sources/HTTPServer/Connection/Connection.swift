/// A client's connection: moves bytes between the socket, the parser and the output, and performs the actions of the
/// state machine.
///
/// Confined to its event loop's thread.
final class Connection {
  let socket: Socket
  let token: Token
  let peer: PeerAddress
  /// Unsafe only if a connection outlives its loop: the loop closes all of them before its thread ends.
  unowned(unsafe) let loop: EventLoop
  /// True if it is over the limit: it only gets an error response.
  let isRefused: Bool

  var machine: ConnectionStateMachine
  var parser: RequestParser
  /// Received bytes that could not be consumed yet. Bounded by one read and one line.
  var input: [UInt8] = []
  var body: [UInt8] = []
  /// The request in progress: with its handler, or the task that writes its body.
  var request: InFlightRequest?
  /// The request that has not ended yet, if the handler observes ends.
  var record: RequestRecord?
  var output = OutputQueue()
  /// The bytes of this connection that are counted in ``EventLoop/waitingBytes``.
  var countedBytes = 0
  var pending: PendingWork = []
  var readiness: Readiness = .writable
  /// The earliest time for this connection in the loop's timers.
  var timer = MonotonicTime.never
  /// The time when the others get their turn.
  private var turnEnd = MonotonicTime.never

  init(
    _ socket: consuming Socket, token: Token, peer: PeerAddress, loop: EventLoop, isRefused: Bool
  ) {
    self.socket = socket
    self.token = token
    self.peer = peer
    self.loop = loop
    self.isRefused = isRefused
    machine = ConnectionStateMachine(limits: loop.machineLimits, at: loop.now)
    parser = RequestParser(limits: loop.parserLimits, peer: peer)
  }

  // MARK: Called by the event loop

  /// Called when the poller reports a change.
  func handle(_ change: Readiness) {
    if change.contains(.broken) { return close() }
    if change.contains(.peerFinished) { peerFinished() }
    if !change.isDisjoint(with: [.readable, .peerFinished]) { readiness.insert(.readable) }
    if change.contains(.writable) { readiness.insert(.writable) }
    // Its turn comes after the others.
    if pending.contains(.resumption) { return }
    if machine.isStreaming { loop.enqueue(self) } else { advance() }
  }

  /// Does as much as possible now, and continues when there is more.
  func advance() {
    guard machine.isOpen else { return }
    pending.remove(.streamTurn)
    turnEnd = .now + loop.slice
    output.reuse(&loop.scratchBuffer)
    run()
    output.recycle(&loop.scratchBuffer)
    if machine.isOpen { loop.updateRegistration(self) }
  }

  /// Called when a deadline may have passed.
  func checkDeadline() {
    let action = machine.deadlinePassed(pending, at: loop.now)
    guard action != .none else { return }
    perform(action)
    advance()
  }

  /// Called when the server stops: ends the connection if nothing is in flight.
  func drain() {
    machine.drain()
    // Requests that have arrived by now are served.
    readiness.insert(.readable)
    advance()
    let action = machine.closeIfIdle(at: loop.now)
    guard action != .none else { return }
    perform(action)
    advance()
  }

  /// The events that a poller must check, if it does not report changes.
  var interest: Interest {
    var interest: Interest = []
    if machine.wantsInput, machine.peer != .ended { interest.insert(.reading) }
    if machine.peer == .sending { interest.insert(.end) }
    if machine.outputBytes > 0, !pending.contains(.streamTurn) { interest.insert(.writing) }
    return interest
  }

  // MARK: A turn

  var isOutOfTime: Bool { turnEnd < .now }

  private func run() {
    // After this number of reads in a row, the others get their turn.
    var reads = 4
    flush()
    if machine.isStreaming {
      // After the waiting output, not before: freed capacity for a stream may be the only change.
      pumpStream()
      flush()
    }
    while machine.isOpen {
      if pending.contains(.unreadInput), machine.wantsInput {
        guard !isOutOfTime else { return loop.resume(self) }
        pending.remove(.unreadInput)
        let bytes = takeInput()
        let count = consume(bytes.span)
        keep(bytes, from: count)
        flush()
        continue
      }
      if machine.peer == .ended, !pending.contains(.unreadInput) {
        perform(machine.inputEnded(isPartial: !parser.isBetweenRequests || !input.isEmpty, at: loop.now))
        flush()
      }
      guard machine.wantsInput, readiness.contains(.readable), machine.peer != .ended else { break }
      guard reads > 0 else { return loop.resume(self) }
      reads -= 1
      read()
      flush()
    }
  }

  /// Performs an action of the state machine.
  func perform(_ action: ConnectionStateMachine.Action) {
    switch action {
    case .none: break
    case .respond: respond()
    case .sendContinue: sendContinue()
    case .nextRequest:
      if input.isEmpty { pending.remove(.unreadInput) } else { pending.insert(.unreadInput) }
    case .reject(let rejection): reject(rejection)
    case .closeAfterOutput:
      request = nil
      dropInput()
    case .finishWriting: socket.finishWriting()
    case .close(let reason):
      if reason.isTimeout { loop.limits.countTimeout() }
      close(reset: reason.resets)
    }
  }

  // MARK: Reading

  private func read() {
    switch socket.read(into: loop.readBuffer) {
    case .bytes(let count):
      loop.traffic.countReceived(count)
      if count < loop.readBuffer.count, socket.shortReadMeansEmpty, machine.peer == .sending {
        readiness.remove(.readable)
      }
      // The loop owns the buffer and outlives every connection; nothing else uses it before the next read.
      let bytes = Span(_unsafeElements: UnsafeBufferPointer(rebasing: loop.readBuffer[..<count]))
      if input.isEmpty {
        let consumed = consume(bytes)
        guard machine.keepsInput, consumed < bytes.count else { break }
        input = bytes.extracting(consumed..<bytes.count).withUnsafeBufferPointer { Array($0) }
      } else {
        var joined = takeInput()
        bytes.withUnsafeBufferPointer { joined.append(contentsOf: $0) }
        let consumed = consume(joined.span)
        keep(joined, from: consumed)
      }
    case .end:
      readiness.remove(.readable)
      peerFinished()
      machine.peerEnded()
    case .wouldBlock: readiness.remove(.readable)
    case .failed: close()
    }
  }

  /// Called when the peer sends no more. It may be gone, so waits for it are interrupted.
  private func peerFinished() {
    guard machine.peerFinished() else { return }
    request?.halfClose?.set()
    // The condition is permanent, and would be reported again and again.
    loop.updateInterest(of: self)
  }

  /// Takes the input out, so that it can be appended to and stored again in place.
  private func takeInput() -> [UInt8] {
    let bytes = input
    input = []
    return bytes
  }

  /// Stores the unconsumed bytes. An incomplete line is neither copied nor moved, because it can be many times as long
  /// as one read.
  private func keep(_ bytes: consuming [UInt8], from start: Int) {
    guard machine.keepsInput, start < bytes.count else { return }
    input = start == 0 ? bytes : Array(bytes[start...])
  }

  /// Drops input that is no longer needed.
  func dropInput() {
    input = []
    pending.remove(.unreadInput)
    guard !body.isEmpty else { return }
    loop.limits.releaseBody(body.count)
    body = []
  }

  // MARK: Writing

  /// Writes as much of the output as the socket accepts.
  func flush() {
    guard machine.isOpen else { return }
    var sent = 0
    if readiness.contains(.writable), machine.outputBytes > 0 {
      do throws(Broken) {
        sent = try output.drain { (piece, hasMore) throws(Broken) in
          switch socket.write(piece, hasMore: hasMore) {
          case .bytes(let count):
            if count < piece.count { readiness.remove(.writable) }
            return count
          case .wouldBlock:
            readiness.remove(.writable)
            return 0
          case .end, .failed: throw Broken()
          }
        }
      } catch {
        return close()
      }
    }
    if sent > 0 { loop.traffic.countSent(sent) }
    perform(machine.outputSent(sent, at: loop.now))
  }

  private struct Broken: Error {}

  /// Closes the connection at once.
  ///
  /// - Parameter reset: Resets it, so that the peer can see that a body is incomplete.
  func close(reset: Bool = false) {
    guard let mustReset = machine.closed() else { return }
    endRequest(isComplete: false)
    request?.cancel(loop.isStopping ? .serverStopped : .clientGone)
    request = nil
    dropInput()
    if reset || mustReset { socket.resetOnClose() }
    loop.remove(self)
  }
}
