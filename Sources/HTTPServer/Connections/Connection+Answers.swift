extension Connection {
  /// Has an answer made and sent.
  ///
  /// - Parameter bodyBytes: of the request's body, which count until whoever works on it is done. That may be later than
  ///   the answer, where a deadline has passed, and later than the connection's end.
  func give(_ answer: Answer, holding bodyBytes: Int = 0) {
    switch answer {
    case .now(let response):
      loop.counters.releaseBody(bodyBytes)
      send(response)
    case .later(let work):
      let (mailbox, token, counters) = (loop.mailbox, token, loop.counters)
      let sendingEnd = SendingEnd()
      if peerIsFinished { sendingEnd.come() }
      exchange?.sendingEnd = sendingEnd
      let task = Task {
        let response = await work(sendingEnd)
        counters.releaseBody(bodyBytes)
        mailbox.send(.answer(token, response))
      }
      exchange?.progress = .working(.task(task), deadline: loop.now + loop.timeouts.handler)
    case .whenSent(let begin):
      let departure = Departure()
      // Before it begins: the answer may be there as soon as it has.
      exchange?.progress = .working(.responder(departure), deadline: loop.now + loop.timeouts.handler)
      begin(Responder(loop.mailbox, token, loop.counters, departure, bodyBytes: bodyBytes))
    }
  }

  /// A task's answer has come.
  func takeAnswer(_ response: Response) {
    // Where its deadline had passed, another answer has been given.
    guard case .working = exchange?.progress else { return }
    output.borrow(&loop.spareOutput)
    send(response)
    advance()
  }

  /// Answers a request that can't be served, and ends the connection: where the next request begins is not known.
  ///
  /// - Parameter duration: for how long it has been worked on.
  func answer(_ fault: ProtocolFault, after duration: Duration? = nil) {
    loop.counters.countFault()
    let head = exchange?.head ?? parser.faultyHead
    if case .answered = exchange?.progress { return beginToClose() }
    if case .streaming = exchange?.progress { return close() }
    if case .working(let work, _) = exchange?.progress { work.cancel() }
    var response = loop.handler.response(
      to: Refusal(fault: fault, head: head, fields: head?.headers ?? parser.headers, duration: duration))
    if case .stream = response.body { response.body = .none }
    exchange = nil
    if !write(response, method: head?.method ?? parser.method, version: .oneDotOne, persists: false) {
      _ = write(Response(status: fault.status), method: nil, version: .oneDotOne, persists: false)
    }
    beginToClose()
  }

  private func send(_ response: Response) {
    guard let head = exchange?.head else { return }
    if loop.isStopping || Self.asksToClose(response) { exchange?.persists = false }
    if case .stream = response.body, head.version == .oneDotZero { exchange?.persists = false }
    let persists = exchange?.persists ?? false
    guard write(response, method: head.method, version: head.version, persists: persists) else {
      exchange?.progress = .receiving
      return answer(
        ProtocolFault(.invalidResponse, "The answer has a status or a field that can't be sent as it is."))
    }
    if case .stream(let produce) = response.body, Self.hasBody(response.status, method: head.method) {
      return stream(produce, isChunked: head.version == .oneDotOne)
    }
    exchange?.progress = .answered
    finishExchangeIfAnswered()
  }

  private static func asksToClose(_ response: Response) -> Bool {
    guard response.headers.mayHaveServerFields, let option = response.headers["Connection"] else { return false }
    return option.lowercased() == "close"
  }

  /// RFC 9110 §6.4.1.
  private static func hasBody(_ status: Int, method: String?) -> Bool {
    method != "HEAD" && !statusHasNoContent(status)
  }

  private static func statusHasNoContent(_ status: Int) -> Bool {
    status == 204 || status == 304
  }

  private func write(_ response: Response, method: String?, version: HTTPVersion, persists: Bool) -> Bool {
    let framing: ResponseHead.Framing
    var content: [UInt8] = []
    switch response.body {
    // RFC 9110 §8.6.
    case _ where Self.statusHasNoContent(response.status): framing = .none
    case .none: framing = .length(0)
    case .bytes(let bytes):
      content = bytes
      framing = .length(bytes.count)
    case .stream: framing = version == .oneDotOne ? .chunked : .close
    }
    let head = ResponseHead(
      status: response.status, headers: response.headers, framing: framing, persists: persists)
    let (date, persistence) = (loop.date.line, loop.persistence)
    if output.isEmpty { lastProgress = loop.now }
    guard output.append({ head.append(to: &$0, date: date, persistence: persistence) }) else { return false }
    if Self.hasBody(response.status, method: method) { output.append(content) }
    return true
  }

  /// Goes on to the next request once this one has been read and answered.
  func finishExchangeIfAnswered() {
    guard case .answered = exchange?.progress, case .held = intake else { return }
    let persists = exchange?.persists ?? false
    exchange = nil
    guard persists, !loop.isStopping else { return beginToClose() }
    intake = .head
    hasPartialHead = false
    phaseStart = loop.now
    hasUnreadInput = !input.isEmpty
  }

  // MARK: Streams

  /// The bytes that wait for the client, here or in its stream's writer.
  var waitingBytes: Int {
    guard case .streaming(let writer, _, _) = exchange?.progress else { return output.count }
    return output.count + writer.waitingBytes
  }

  /// The memory of what waits: of a large piece that is sent in part, up to twice as much.
  var heldBytes: Int { output.heldBytes + waitingBytes - output.count }

  /// By what its stream has written up to now.
  var streamLoad: StreamTurns.Load { waitingBytes < OutputQueue.largePiece ? .light : .heavy }

  private func stream(_ produce: @escaping @Sendable (BodyWriter) async throws -> Void, isChunked: Bool) {
    let (mailbox, token) = (loop.mailbox, token)
    // So little, since it asks for another piece when less than that is left: a page of 64 KiB, say.
    let writer = BodyWriter(limit: loop.configuration.bufferedBytes / 8) { mailbox.send(.stream(token)) }
    if loop.isStopping { writer.tellShutdown() }
    let task = Task {
      do {
        try await produce(writer)
        writer.finish(completely: true)
      } catch {
        // What went wrong is the writer's to tell; the client sees that the body is not whole.
        writer.finish(completely: false)
      }
    }
    exchange?.progress = .streaming(writer, task, isChunked: isChunked)
  }

  /// Its stream has written something, or has ended.
  func noticeStream() {
    guard case .streaming(let writer, _, _) = exchange?.progress else { return }
    // Each piece is counted, whether or not the stream has its turn in between.
    writer.noticeAnnouncement()
    if countedBytes == 0 { lastProgress = loop.now }
    loop.boundOutput(after: self)
    // While the client takes nothing, a turn would be for nothing.
    if isWritable || output.isEmpty { loop.giveTurn(self) }
  }

  /// Moves what a stream has written into the output, once the last of it has gone. What comes meanwhile is announced
  /// again, for another turn.
  func pumpStream() {
    guard isOpen, case .streaming(let writer, _, let isChunked) = exchange?.progress else { return }
    writer.noteUnsent(output.count)
    while output.isEmpty {
      lastProgress = loop.now
      switch writer.take() {
      case .nothing: return
      case .bytes(let content, let isLast):
        if isChunked {
          ChunkedEncoder.append(content, to: &output)
        } else {
          output.append(content)
        }
        flush()
        guard isOpen else { return }
        writer.noteUnsent(output.count)
        guard isLast else { return }
      case .finished:
        if isChunked { output.append(ChunkedEncoder.end) }
        exchange?.progress = .answered
        return finishExchangeIfAnswered()
      case .failed:
        // RFC 9112 §8: without its last chunk, the client knows that the body is not whole; where it ends with the
        // connection, only a broken connection tells.
        mustReset = !isChunked
        exchange = nil
        return beginToClose()
      }
    }
  }
}
