extension Connection {
  /// Lets the handler respond to the request, as it decided after the head.
  func respond() {
    guard let request = request.take(), case .decided(let reception) = request.work else { return }
    let bytes = body
    body = []
    respond(to: request.head, reception, bytes)
  }

  func respond(to head: RequestHead, _ reception: Reception, _ body: consuming [UInt8] = []) {
    switch reception {
    case .respond(let source): respond(to: head, from: source)
    case .readBody(_, let then):
      let count = body.count
      respond(to: head, from: then(body), holding: count)
    }
  }

  /// - Parameter bodyBytes: The bytes of the request's body, which count until the handler is done. That may be later
  ///   than the response, if a deadline has passed, and later than the connection's end.
  private func respond(to head: RequestHead, from source: ResponseSource, holding bodyBytes: Int = 0) {
    switch source {
    case .response(let response):
      loop.limits.releaseBody(bodyBytes)
      send(response, to: head)
    case .task(let work):
      let (mailbox, token, limits) = (loop.mailbox, token, loop.limits)
      let halfClose = HalfCloseSignal()
      if machine.peer != .sending { halfClose.set() }
      machine.handlingBegan(at: loop.now)
      let task = Task {
        let response = await work(halfClose)
        limits.releaseBody(bodyBytes)
        mailbox.send(.response(token, response))
      }
      request = InFlightRequest(head: head, work: .task(task), halfClose: halfClose)
    case .callback(let begin):
      let cancellation = RequestCancellation()
      // Before it begins: the response may be ready as soon as it has begun.
      machine.handlingBegan(at: loop.now)
      request = InFlightRequest(head: head, work: .responder(cancellation))
      begin(Responder(loop.mailbox, token, loop.limits, cancellation, bodyBytes: bodyBytes))
    }
  }

  /// Takes a response that was not ready at once.
  ///
  /// - Parameter make: Makes it. Not called if its deadline had passed: the client has received another one.
  func receive(_ make: () -> Response) {
    guard machine.isHandling, let request = request.take() else { return }
    let response = make()
    output.reuse(&loop.scratchBuffer)
    send(response, to: request.head, halfClose: request.halfClose)
    advance()
  }

  private func send(_ response: Response, to head: RequestHead, halfClose: HalfCloseSignal? = nil) {
    let isStream = if case .stream = response.body { true } else { false }
    let persists = machine.responseBegan(asksToClose: Self.asksToClose(response), isStream: isStream)
    guard write(response, method: head.method, version: head.version, persists: persists) else {
      return reject(
        HTTPProtocolError(.invalidResponse, "The response has a status or a field that can't be sent."), of: head
      )
    }
    record?.status = response.status
    record?.note = response.note
    if case .stream(let produce) = response.body, Self.hasBody(response.status, method: head.method) {
      machine.streamBegan()
      request = InFlightRequest(head: head, work: stream(produce), halfClose: halfClose)
    } else {
      if case .bytes(let bytes) = response.body, Self.hasBody(response.status, method: head.method) {
        record?.responseBytes = bytes.count
      }
      endRequest(isComplete: true)
      perform(machine.responseEnded(at: loop.now))
    }
  }

  private static func asksToClose(_ response: Response) -> Bool {
    guard response.headers.mayHaveServerFields, let option = response.headers["Connection"] else { return false }
    return option.lowercased() == "close"
  }

  /// Returns true if a response has a body (RFC 9110 §6.4.1).
  static func hasBody(_ status: Int, method: String?) -> Bool {
    method != "HEAD" && !statusHasNoContent(status)
  }

  private static func statusHasNoContent(_ status: Int) -> Bool {
    status == 204 || status == 304
  }

  /// Queues a response, or its head if the body is a stream.
  ///
  /// - Returns: False, with nothing queued, if it can't be sent.
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
    let hasBody = Self.hasBody(response.status, method: method)
    guard let count = output.append(head, date: date, persistence: persistence, content: hasBody ? content : []) else {
      return false
    }
    machine.outputQueued(count, at: loop.now)
    return true
  }

  // MARK: Streams

  /// The bytes that wait for the client, here or in its stream's writer.
  var waitingBytes: Int {
    guard machine.isStreaming, case .stream(let writer, _) = request?.work else { return machine.outputBytes }
    return machine.outputBytes + writer.waitingBytes
  }

  /// The memory of the waiting bytes: for a large piece that is partly sent, up to twice as much.
  var allocatedBytes: Int { output.allocatedBytes + waitingBytes - machine.outputBytes }

  /// The load of the bytes that its stream has written so far.
  var streamLoad: StreamScheduler.Load { waitingBytes < OutputQueue.largePiece ? .light : .heavy }

  private func stream(_ produce: @escaping @Sendable (BodyWriter) async throws -> Void) -> InFlightRequest.Work {
    let (mailbox, token) = (loop.mailbox, token)
    let writer = BodyWriter(bufferedBytes: loop.configuration.bufferedBytes) { mailbox.send(.stream(token)) }
    let task = Task {
      do {
        try await produce(writer)
        writer.finish(completely: true)
      } catch {
        // The writer reports the error; the client sees that the body is incomplete.
        writer.finish(completely: false)
      }
    }
    return .stream(writer, task)
  }

  /// Called when its stream has written something or has ended.
  func streamWrote() {
    guard case .stream(let writer, _) = request?.work else { return }
    // Each piece is counted, even if the stream has no turn in between.
    writer.clearAnnouncement()
    if countedBytes == 0 { machine.streamResumed(at: loop.now) }
    loop.evictSlowClients(after: self)
    // While the client reads nothing, a turn would have no effect.
    if readiness.contains(.writable) || machine.outputBytes == 0 { loop.enqueue(self) }
  }

  /// Moves the stream's output into the connection's, once the previous output is sent. Later output is announced
  /// again, for another turn.
  func pumpStream() {
    guard machine.isStreaming, case .stream(let writer, _) = request?.work, let head = request?.head else {
      return
    }
    let isChunked = head.version == .oneDotOne
    writer.noteUnsent(machine.outputBytes)
    while machine.outputBytes == 0 {
      switch writer.take() {
      case .nothing: return
      case .bytes(let content, let isLast):
        record?.responseBytes += content.count
        queue { output in if isChunked { output.append(chunk: content) } else { output.append(content) } }
        flush()
        guard machine.isOpen else { return }
        writer.noteUnsent(machine.outputBytes)
        guard isLast else { return }
      case .finished:
        if isChunked { queue { $0.appendLastChunk() } }
        request = nil
        endRequest(isComplete: true)
        return perform(machine.responseEnded(at: loop.now))
      case .failed:
        endRequest(isComplete: false)
        return perform(machine.streamFailed(at: loop.now))
      }
    }
  }

  private func queue(_ append: (inout OutputQueue) -> Void) {
    let before = output.count
    append(&output)
    machine.outputQueued(output.count - before, at: loop.now)
  }
}

/// A request, and the object that works on its response.
struct InFlightRequest {
  enum Work {
    /// The handler's decision, which takes effect when the body has been read.
    case decided(Reception)
    case task(Task<Void, Never>)
    /// The handler's responder, which reports when the response is no longer needed.
    case responder(RequestCancellation)
    /// A task writes the body.
    case stream(BodyWriter, Task<Void, Never>)
  }

  let head: RequestHead
  let work: Work
  /// Reports to the handler that the client may be gone; `nil` if it does not use that.
  var halfClose: HalfCloseSignal? = nil

  /// Cancels the handler: the response is no longer needed.
  func cancel(_ reason: BodyWriter.Closed) {
    switch work {
    case .task(let task): task.cancel()
    case .responder(let flag): flag.set()
    case .stream(let writer, let task):
      writer.close(reason)
      task.cancel()
    case .decided: break
    }
  }
}
