/// One client's connection: what has come from it, what goes to it, and what is being done for it.
///
/// Confined to its event loop's thread. Its larger properties are not checked for overlapping access at run time, which
/// cost a tenth of a small request: none of their methods calls back into the connection.
///
/// Requests are answered one at a time, in order (RFC 9112 §9.3.2); while one is
/// in work, what follows stays in the kernel, which holds the client back.
final class Connection {
  let socket: Socket
  let token: Token
  let peer: PeerAddress
  /// Unsafe only where a connection outlives its loop: the loop closes all of them before its thread ends.
  unowned(unsafe) let loop: EventLoop

  @exclusivity(unchecked) var parser: RequestParser
  /// What has come and could not be consumed yet. Bounded by one read and one line.
  @exclusivity(unchecked) var input: [UInt8] = []
  /// Whether the input was left for another reason than that more must come.
  var hasUnreadInput = false
  @exclusivity(unchecked) var intake = Intake.head
  @exclusivity(unchecked) var body: [UInt8] = []
  @exclusivity(unchecked) var exchange: Exchange?
  @exclusivity(unchecked) var output = OutputQueue()
  /// The bytes that the loop has counted of it in ``EventLoop/waitingBytes``.
  var countedBytes = 0

  var isReadable = false
  var isWritable = true
  /// Whether the peer has said that it sends no more, so that a short read says nothing. Some of what it sent before may be
  /// unread.
  var peerIsFinished = false
  /// Whether all that it sent has been read.
  var inputHasEnded = false
  /// Whether its stream can go on, and waits for the loop to have time for it.
  var awaitsTurn = false
  /// Whether it has more to do than one turn allows, and waits for the next one.
  var isResumed = false
  /// When the others get their turn.
  private var turnEnd = Instant.never
  var isOpen = true
  /// Whether the output's end has been told to the peer.
  var hasFinishedWriting = false
  /// Whether a stream broke off that only a broken connection can tell of.
  var mustReset = false
  let isRefused: Bool

  /// Since when the phase lasts that the intake is in.
  var phaseStart: Instant
  var isFresh = true
  var hasPartialHead = false
  var bodyBytes = 0
  /// When the client last took some of what waits for it; after the last answer, when it last sent something.
  var lastProgress: Instant
  /// The earliest time that the loop's timers hold for this connection.
  var timer = Instant.never

  init(
    _ socket: consuming Socket, token: Token, peer: PeerAddress, loop: EventLoop, isRefused: Bool
  ) {
    self.socket = socket
    self.token = token
    self.peer = peer
    self.loop = loop
    self.isRefused = isRefused
    parser = RequestParser(limits: loop.parserLimits, peer: peer)
    phaseStart = loop.now
    lastProgress = loop.now
  }

  // MARK: What happens to it

  /// The poller has noticed something.
  func notice(_ readiness: Readiness) {
    if readiness.contains(.broken) { return close() }
    if readiness.contains(.peerFinished) { noticePeerEnd() }
    if !readiness.isDisjoint(with: [.readable, .peerFinished]) { isReadable = true }
    if readiness.contains(.writable) { isWritable = true }
    // Its turn comes, behind the others.
    if isResumed { return }
    if case .streaming = exchange?.progress { loop.giveTurn(self) } else { advance() }
  }

  /// The peer sends no more. It may be gone: what waits on its behalf is interrupted.
  private func noticePeerEnd() {
    guard !peerIsFinished else { return }
    peerIsFinished = true
    exchange?.sendingEnd?.come()
    // It is there to stay, and would be reported again and again.
    loop.noteInterest(of: self)
  }

  /// Does all that can be done now, and comes back when there is more.
  func advance() {
    guard isOpen else { return }
    awaitsTurn = false
    turnEnd = .now + loop.slice
    output.borrow(&loop.spareOutput)
    run()
    output.giveBack(&loop.spareOutput)
    if isOpen { loop.settle(self) }
  }

  var isOutOfTime: Bool { turnEnd < .now }

  private func run() {
    // So many reads in a row, and the others get their turn.
    var reads = 4
    flush()
    // After what waited, and not before: what has made room for a stream to go on may be all that happens.
    pumpStream()
    flush()
    while isOpen {
      if hasUnreadInput, takesInput {
        guard !isOutOfTime else { return loop.resume(self) }
        hasUnreadInput = false
        let bytes = takeInput()
        let count = consume(bytes.span)
        keep(bytes, from: count)
        flush()
        continue
      }
      if inputHasEnded, !hasUnreadInput {
        takeEnd()
        flush()
      }
      guard isOpen, isReadable, takesInput, !inputHasEnded else { break }
      guard reads > 0 else { return loop.resume(self) }
      reads -= 1
      read()
      flush()
    }
  }

  /// Whether bytes that come are wanted now.
  private var takesInput: Bool {
    switch intake {
    case .held: false
    case .lingering: hasFinishedWriting
    case .head, .collecting, .discarding: output.count < loop.configuration.bufferedBytes
    }
  }

  /// What a poller that knows no changes has to look for.
  var interest: Interest {
    var interest: Interest = []
    if takesInput, !inputHasEnded { interest.insert(.reading) }
    if !peerIsFinished { interest.insert(.end) }
    if !output.isEmpty, !awaitsTurn { interest.insert(.writing) }
    return interest
  }

  // MARK: Reading

  private func read() {
    switch socket.read(into: loop.readBuffer) {
    case .bytes(let count):
      if count < loop.readBuffer.count, socket.shortReadMeansEmpty, !peerIsFinished { isReadable = false }
      // The loop owns the buffer and outlives every connection; nothing else uses it before the next read.
      let bytes = Span(_unsafeElements: UnsafeBufferPointer(rebasing: loop.readBuffer[..<count]))
      if input.isEmpty {
        let consumed = consume(bytes)
        guard keepsInput, consumed < bytes.count else { break }
        input = bytes.extracting(consumed..<bytes.count).withUnsafeBufferPointer { Array($0) }
      } else {
        var joined = takeInput()
        bytes.withUnsafeBufferPointer { joined.append(contentsOf: $0) }
        let consumed = consume(joined.span)
        keep(joined, from: consumed)
      }
    case .end:
      isReadable = false
      inputHasEnded = true
      noticePeerEnd()
    case .wouldBlock: isReadable = false
    case .failed: close()
    }
  }

  /// Takes the input out, so that it can be appended to and kept again in place.
  private func takeInput() -> [UInt8] {
    let bytes = input
    input = []
    return bytes
  }

  /// Keeps what has not been consumed. A line that is not complete is neither copied nor moved, since it may be many times
  /// as long as what one read adds to it.
  private func keep(_ bytes: consuming [UInt8], from start: Int) {
    guard keepsInput, start < bytes.count else { return }
    input = start == 0 ? bytes : Array(bytes[start...])
  }

  private var keepsInput: Bool {
    guard isOpen else { return false }
    if case .lingering = intake { return false }
    return true
  }

  // MARK: Writing

  func flush() {
    guard isOpen, isWritable, !output.isEmpty else { return finishIfDone() }
    let before = output.count
    do throws(Broken) {
      try output.drain { (piece, hasMore) throws(Broken) in
        switch socket.write(piece, hasMore: hasMore) {
        case .bytes(let count):
          if count < piece.count { isWritable = false }
          return count
        case .wouldBlock:
          isWritable = false
          return 0
        case .end, .failed: throw Broken()
        }
      }
    } catch {
      return close()
    }
    if output.count < before { lastProgress = loop.now }
    finishIfDone()
  }

  private struct Broken: Error {}

  /// After the last answer, says so to the client, which may still be sending (RFC 9112 §9.6).
  private func finishIfDone() {
    guard isOpen, output.isEmpty, case .lingering = intake, !hasFinishedWriting else { return }
    if inputHasEnded || mustReset { return close() }
    socket.finishWriting()
    hasFinishedWriting = true
    phaseStart = loop.now
    lastProgress = loop.now
  }

  // MARK: The end

  /// Answers no more requests: once the output is written, the connection ends.
  func beginToClose() {
    input = []
    hasUnreadInput = false
    dropBody()
    intake = .lingering(allowance: loop.configuration.lingerBytes)
    phaseStart = loop.now
  }

  /// Ends it at once.
  func close() {
    guard isOpen else { return }
    isOpen = false
    switch exchange?.progress {
    case .working(let work, _): work.cancel()
    case .streaming(let writer, let task, _):
      writer.close(loop.isStopping ? .serverStopped : .clientGone)
      task.cancel()
    case .receiving, .answered, nil: break
    }
    exchange = nil
    intake = .held
    dropBody()
    if mustReset { socket.resetOnClose() }
    loop.remove(self)
  }
}
