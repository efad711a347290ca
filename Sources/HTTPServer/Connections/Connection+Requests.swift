extension Connection {
  /// Takes requests out of the bytes for as long as they can be taken, and returns how many bytes have been.
  func consume(_ bytes: Span<UInt8>) -> Int {
    var offset = 0
    var steps = 0
    while isOpen {
      if offset < bytes.count, mustLook(at: steps), isOutOfTime { return leave(bytes, offset) }
      steps += 1
      switch intake {
      case .held: return leave(bytes, offset)
      case .lingering(let allowance):
        guard bytes.count - offset <= allowance else {
          close()
          return bytes.count
        }
        intake = .lingering(allowance: allowance - (bytes.count - offset))
        if hasFinishedWriting { lastProgress = loop.now }
        return bytes.count
      case .head where output.count >= loop.configuration.bufferedBytes && !output.isEmpty:
        return leave(bytes, offset)
      case .head, .collecting, .discarding:
        guard step(bytes, &offset) else { return offset }
      }
    }
    return offset
  }

  /// Whether it is time to look at the clock: a step is a whole request, or a chunk of one byte, which costs less than the
  /// look. The first step is always taken.
  private func mustLook(at step: Int) -> Bool {
    guard step > 0 else { return false }
    if case .head = intake { return true }
    return step % 64 == 0
  }

  /// Leaves the rest for later.
  private func leave(_ bytes: Span<UInt8>, _ offset: Int) -> Int {
    hasUnreadInput = offset < bytes.count
    return offset
  }

  /// - Returns: false where more has to come.
  private func step(_ bytes: Span<UInt8>, _ offset: inout Int) -> Bool {
    let event: RequestParser.Event
    do throws(ProtocolFault) {
      event = try parser.next(bytes, &offset)
    } catch {
      answer(error)
      return true
    }
    switch event {
    case .head(let head): receive(head)
    case .chunk(let length): takeChunk(length)
    case .body(let range): takeBody(bytes, range)
    case .end: finishBody()
    case .incomplete:
      takeShortage(isPartial: offset < bytes.count)
      // That may have been what an answer waited for.
      if case .lingering = intake { return true }
      return false
    }
    return true
  }

  private func receive(_ head: RequestHead) {
    loop.counters.countRequest()
    isFresh = false
    hasPartialHead = false
    bodyBytes = 0
    phaseStart = loop.now
    exchange = Exchange(head)
    switch loop.handler.receive(head) {
    case .answer(let answer) where !head.hasBody:
      intake = .held
      give(answer)
    case .readBody(_, let then) where !head.hasBody:
      intake = .held
      give(then([]))
    case .answer(let answer):
      intake = .discarding(answer, allowance: loop.configuration.drainBytes)
    case .readBody(let limit, let then):
      if let length = head.declaredLength, length > limit {
        return self.answer(Self.tooLong(limit))
      }
      intake = .collecting(limit: limit, then: then)
      // Bounded, since a client may declare much and send little.
      body.reserveCapacity(min(head.declaredLength ?? 0, 64 * 1024))
    }
  }

  private static func tooLong(_ limit: Int) -> ProtocolFault {
    ProtocolFault(.contentTooLarge, "The body exceeds the limit of \(limit) bytes.")
  }

  private func takeBody(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    exchange?.awaitsContinue = false
    bodyBytes += range.count
    switch intake {
    case .collecting(let limit, _):
      guard body.count + range.count <= limit else { return answer(Self.tooLong(limit)) }
      guard loop.counters.holdBody(range.count, upTo: loop.configuration.totalBodyBytes) else {
        return answer(
          ProtocolFault(
            .overloaded,
            "The bodies of all requests that are being handled exceed the limit of \(loop.configuration.totalBodyBytes) "
              + "bytes. Retry shortly."))
      }
      bytes.extracting(range).withUnsafeBufferPointer { body.append(contentsOf: $0) }
    case .discarding(let answer, let allowance):
      if range.count <= allowance {
        intake = .discarding(answer, allowance: allowance - range.count)
      } else {
        stopDiscarding(answer)
      }
    case .head, .held, .lingering: break
    }
  }

  /// A chunk begins: one that is too large is refused before its bytes come, as a declared length is.
  private func takeChunk(_ length: Int) {
    exchange?.awaitsContinue = false
    switch intake {
    case .collecting(let limit, _):
      if length > limit - body.count { answer(Self.tooLong(limit)) }
    case .discarding(let answer, let allowance):
      if length > allowance { stopDiscarding(answer) }
    case .head, .held, .lingering: break
    }
  }

  /// The rest of the body is more than is read for nothing: it ends the connection.
  private func stopDiscarding(_ answer: Answer?) {
    exchange?.persists = false
    intake = .held
    if let answer { give(answer) } else { finishExchangeIfAnswered() }
  }

  private func finishBody() {
    let previous = intake
    intake = .held
    switch previous {
    case .collecting(_, let then):
      let bytes = body
      body = []
      give(then(bytes), holding: bytes.count)
    case .discarding(let answer, _):
      if let answer { give(answer) } else { finishExchangeIfAnswered() }
    case .head, .held, .lingering: break
    }
  }

  /// Lets go of what has come of a body.
  func dropBody() {
    guard !body.isEmpty else { return }
    loop.counters.releaseBody(body.count)
    body = []
  }

  /// All that is at hand has been taken, and the request is not complete.
  private func takeShortage(isPartial: Bool) {
    switch intake {
    case .head:
      let isUnderWay = isPartial || !parser.isBetweenRequests
      if isUnderWay, !hasPartialHead {
        hasPartialHead = true
        if !isFresh { phaseStart = loop.now }
      }
    case .collecting:
      guard exchange?.awaitsContinue == true else { return }
      exchange?.awaitsContinue = false
      // RFC 9110 §10.1.1: not where the body has begun to come.
      output.append(Self.continueLine)
    case .discarding(let answer?, let allowance):
      // The client would wait for the answer before it sends the rest; what can't be drained ends the connection.
      let rest = (exchange?.head.declaredLength ?? 0) - bodyBytes
      if exchange?.awaitsContinue == true || rest > allowance {
        // RFC 9110 §10.1.1: whether the body will still come can't be known, so that the connection ends here.
        exchange?.persists = false
        intake = .held
      } else {
        intake = .discarding(nil, allowance: allowance)
      }
      give(answer)
    case .discarding(nil, _), .held, .lingering: break
    }
  }

  private static let continueLine = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

  /// The client has sent all that it will (RFC 9112 §9.6: it may still read).
  func takeEnd() {
    switch intake {
    case .held: break
    case .lingering: if hasFinishedWriting || output.isEmpty { close() }
    case .discarding(nil, _):
      exchange?.persists = false
      intake = .held
      finishExchangeIfAnswered()
    case .head where parser.isBetweenRequests && input.isEmpty: beginToClose()
    case .head, .collecting, .discarding:
      // RFC 9112 §8.
      answer(ProtocolFault(.badRequest, "The connection ended before the request was complete."))
    }
  }
}
