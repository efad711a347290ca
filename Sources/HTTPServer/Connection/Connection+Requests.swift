extension Connection {
  /// Consumes requests from the bytes as long as it can, and returns the number of consumed bytes.
  func consume(_ bytes: Span<UInt8>) -> Int {
    var offset = 0
    var steps = 0
    while true {
      if offset == bytes.count, machine.isIdle { return offset }
      if offset < bytes.count, mustLook(at: steps), isOutOfTime { return leave(bytes, offset) }
      steps += 1
      switch machine.received(bytes.count - offset, at: loop.now) {
      case .parse: guard parse(bytes, &offset) else { return offset }
      case .leave: return leave(bytes, offset)
      case .discard: return bytes.count
      case .close:
        close()
        return bytes.count
      }
    }
  }

  /// Returns true if it is time to check the clock: a step is a whole request, or a chunk of one byte, which costs less
  /// than the check. The first step is always taken.
  private func mustLook(at step: Int) -> Bool {
    step > 0 && (machine.isReadingHead || step % 64 == 0)
  }

  /// Leaves the rest for later.
  private func leave(_ bytes: Span<UInt8>, _ offset: Int) -> Int {
    if offset < bytes.count { pending.insert(.unreadInput) } else { pending.remove(.unreadInput) }
    return offset
  }

  /// - Returns: False if more bytes are needed.
  private func parse(_ bytes: Span<UInt8>, _ offset: inout Int) -> Bool {
    let event: RequestParser.Event
    do throws(HTTPProtocolError) {
      event = try parser.next(bytes, &offset)
    } catch {
      reject(error)
      return true
    }
    switch event {
    case .head(let head): receive(head)
    case .chunk(let length): perform(machine.chunkBegan(length, at: loop.now))
    case .body(let range): receive(bytes, range)
    case .end: perform(machine.bodyEnded(at: loop.now))
    case .incomplete:
      let isPartial = offset < bytes.count || !parser.isBetweenRequests
      let action = machine.starved(isPartial: isPartial, at: loop.now)
      // A response may have waited for this, which can end the connection.
      guard action != .none else { return false }
      perform(action)
    }
    return true
  }

  private func receive(_ head: RequestHead) {
    loop.limits.countRequest()
    if loop.observesEnds { record = RequestRecord(head, at: .now) }
    let reception = loop.handler.receive(head)
    let action = machine.headReceived(
      head.framing, version: head.version, bodyLimit: reception.bodyLimit, at: loop.now)
    switch action {
    case .respond: respond(to: head, reception)
    case .none:
      request = InFlightRequest(head: head, work: .decided(reception))
      // Bounded, because a client can declare much and send little.
      if machine.isCollecting { body.reserveCapacity(min(head.framing.declaredLength ?? 0, 64 * 1024)) }
    default:
      request = InFlightRequest(head: head, work: .decided(reception))
      perform(action)
    }
  }

  private func receive(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    perform(machine.bodyReceived(range.count, at: loop.now))
    guard machine.isCollecting else { return }
    guard loop.limits.reserveBody(range.count, upTo: loop.configuration.totalBodyBytes) else {
      return reject(
        HTTPProtocolError(
          .overloaded,
          "The bodies of all requests that are being handled exceed the limit of \(loop.configuration.totalBodyBytes) "
            + "bytes. Retry shortly."))
    }
    bytes.extracting(range).withUnsafeBufferPointer { body.append(contentsOf: $0) }
  }

  func sendContinue() {
    output.append(Self.continueLine)
    machine.outputQueued(Self.continueLine.count, at: loop.now)
  }

  private static let continueLine = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

  // MARK: Rejecting

  /// Rejects a request as the state machine decided.
  func reject(_ rejection: ConnectionStateMachine.Rejection) {
    if rejection.isTimeout { loop.limits.countTimeout() }
    reject(
      HTTPProtocolError(rejection, loop.configuration),
      after: rejection == .handlerTooSlow ? loop.configuration.handlerTimeout : nil)
  }

  /// Responds to a request that can't be served, and ends the connection, because the start of the next request is
  /// unknown.
  ///
  /// - Parameters:
  ///   - head: The head of the request, if its handler is done.
  ///   - duration: The time that the handler has worked on it.
  func reject(_ error: HTTPProtocolError, of head: RequestHead? = nil, after duration: Duration? = nil) {
    loop.limits.countProtocolError()
    switch machine.rejected(at: loop.now) {
    case .duringResponse: return close()
    case .afterResponse: break
    case .beforeResponse:
      request?.cancel(.clientGone)
      let head = head ?? request?.head ?? parser.rejectedHead
      var response = loop.handler.response(
        to: RejectedRequest(error: error, head: head, fields: head?.headers ?? parser.headers, duration: duration))
      if case .stream = response.body { response.body = .none }
      if !write(response, method: head?.method ?? parser.method, version: .oneDotOne, persists: false) {
        response = Response(status: error.status)
        _ = write(response, method: nil, version: .oneDotOne, persists: false)
      }
      endRejected(response, head: head)
    }
    perform(.closeAfterOutput)
  }
}

extension Reception {
  /// The maximum length of a body that is read; `nil` if none is used.
  fileprivate var bodyLimit: Int? { if case .readBody(let limit, _) = self { limit } else { nil } }
}
