extension Connection {
  /// Has the handler respond to the request, by what it decided when the head had come.
  func respond() {
    guard case .decided(let reception) = request?.work else { return }
    request?.work = .none
    let bytes = body
    body = []
    respond(reception, to: bytes)
  }

  func respond(_ reception: Reception, to body: consuming [UInt8] = []) {
    switch reception {
    case .answer(let answer): give(answer)
    case .readBody(_, let then):
      let count = body.count
      give(then(body), holding: count)
    }
  }

  /// - Parameter bodyBytes: of the request's body, which count until whoever works on it is done. That may be later than
  ///   the response, if a deadline has passed, and later than the connection's end.
  private func give(_ answer: Answer, holding bodyBytes: Int = 0) {
    switch answer {
    case .now(let response):
      loop.counters.releaseBody(bodyBytes)
      send(response)
    case .later(let work):
      let (mailbox, token, counters) = (loop.mailbox, token, loop.counters)
      let sendingEnd = SendingEnd()
      if machine.peer != .sending { sendingEnd.come() }
      machine.handlingBegan(at: loop.now)
      request?.sendingEnd = sendingEnd
      let task = Task {
        let response = await work(sendingEnd)
        counters.releaseBody(bodyBytes)
        mailbox.send(.answer(token, response))
      }
      request?.work = .task(task)
    case .whenSent(let begin):
      let departure = Departure()
      // Before it begins: the response may be there as soon as it has.
      machine.handlingBegan(at: loop.now)
      request?.work = .responder(departure)
      begin(Responder(loop.mailbox, token, loop.counters, departure, bodyBytes: bodyBytes))
    }
  }

  /// A response has come for which the handler needed time.
  func takeAnswer(_ response: Response) {
    // If its deadline had passed, the client has had another one.
    guard machine.isHandling else { return }
    output.borrow(&loop.spareOutput)
    send(response)
    advance()
  }

  private func send(_ response: Response) {
    guard let head = request?.head else { return }
    let isStream = if case .stream = response.body { true } else { false }
    let persists = machine.responseBegan(asksToClose: Self.asksToClose(response), isStream: isStream)
    request?.work = .none
    guard write(response, method: head.method, version: head.version, persists: persists) else {
      return reject(
        ProtocolFault(.invalidResponse, "The answer has a status or a field that can't be sent as it is."))
    }
    if case .stream(let produce) = response.body, Self.hasBody(response.status, method: head.method) {
      return stream(produce)
    }
    perform(machine.responseEnded(at: loop.now))
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

  /// Queues a response, or its head if the body is a stream.
  ///
  /// - Returns: false, with nothing queued, if it can't be sent as it is.
  func write(_ response: Response, method: String?, version: HTTPVersion, persists: Bool) -> Bool {
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
    guard output.append({ head.append(to: &$0, date: date, persistence: persistence) }) else { return false }
    if Self.hasBody(response.status, method: method) { output.append(content) }
    machine.outputQueued(total: output.count, at: loop.now)
    return true
  }

  // MARK: Streams

  /// The bytes that wait for the client, here or in its stream's writer.
  var waitingBytes: Int {
    guard machine.isStreaming, case .stream(let writer, _) = request?.work else { return output.count }
    return output.count + writer.waitingBytes
  }

  /// By what its stream has written up to now.
  var streamLoad: StreamTurns.Load { waitingBytes < OutputQueue.largePiece ? .light : .heavy }

  private func stream(_ produce: @escaping @Sendable (BodyWriter) async throws -> Void) {
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
    machine.streamBegan()
    request?.work = .stream(writer, task)
  }

  /// Its stream has written something, or has ended.
  func noticeStream() {
    guard case .stream(let writer, _) = request?.work else { return }
    // Each piece is counted, whether or not the stream has its turn in between.
    writer.noticeAnnouncement()
    if countedBytes == 0 { machine.streamResumed(at: loop.now) }
    loop.boundOutput(after: self)
    // While the client takes nothing, a turn would be for nothing.
    if readiness.contains(.writable) || output.isEmpty { loop.giveTurn(self) }
  }

  /// Moves what a stream has written into the output, once the last of it has gone. What comes meanwhile is announced
  /// again, for another turn.
  func pumpStream() {
    guard machine.isStreaming, case .stream(let writer, _) = request?.work, let head = request?.head else {
      return
    }
    let isChunked = head.version == .oneDotOne
    writer.noteUnsent(output.count)
    while output.isEmpty {
      switch writer.take() {
      case .nothing: return
      case .bytes(let content, let isLast):
        if isChunked {
          ChunkedEncoder.append(content, to: &output)
        } else {
          output.append(content)
        }
        machine.outputQueued(total: output.count, at: loop.now)
        flush()
        guard machine.isOpen else { return }
        writer.noteUnsent(output.count)
        guard isLast else { return }
      case .finished:
        if isChunked { output.append(ChunkedEncoder.end) }
        machine.outputQueued(total: output.count, at: loop.now)
        request?.work = .none
        return perform(machine.responseEnded(at: loop.now))
      case .failed: return perform(machine.streamFailed(at: loop.now))
      }
    }
  }
}
