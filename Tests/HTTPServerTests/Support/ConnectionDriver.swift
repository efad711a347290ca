@testable internal import HTTPServer

/// A connection without a socket: does what the state machine returns, records it, and checks what must hold of any
/// sequence of events.
///
/// The path of a request chooses its handler: `/now…` responds at once, `/later…` and `/stream…` when a step says so. A
/// path that ends in `body` uses a body of up to 10 bytes.
struct ConnectionDriver {
  enum Step {
    case receive(String)
    /// The handler of `/later` or `/stream` responds.
    case respond(close: Bool = false)
    case write(Int)
    case endStream
    case failStream
    /// From now on, the peer takes so many bytes of output.
    case take(Int)
    /// The time passes, with no event but deadlines.
    case wait(Duration)
    /// The peer sends no more.
    case finish
    case drain
  }

  /// Short, so that tables can be read: each in seconds, and all different.
  static var configuration: ServerConfiguration {
    var configuration = ServerConfiguration()
    configuration.headTimeout = .seconds(15)
    configuration.bodyGrace = .seconds(10)
    configuration.minimumBodyRate = 1
    configuration.idleTimeout = .seconds(150)
    configuration.writeTimeout = .seconds(30)
    configuration.handlerTimeout = .seconds(90)
    configuration.bufferedBytes = 1000
    configuration.drainBytes = 20
    configuration.lingerBytes = 50
    configuration.lingerTimeout = .seconds(8)
    configuration.lingerIdleTimeout = .seconds(2)
    return configuration
  }

  /// What has happened.
  private(set) var log: [String] = []
  /// What must not happen and did.
  private(set) var violations: [String] = []

  private var machine: ConnectionStateMachine
  private var parser: RequestParser
  private var now = MonotonicTime(nanoseconds: 0)
  private var input: [UInt8] = []
  private var pending: PendingWork = []
  private var output = 0
  private var room = Int.max
  private var peerHasFinished = false
  private var isDraining = false
  private var isClosing = false
  private var hasFinishedWriting = false
  private var request: Request?

  private struct Request {
    let head: RequestHead
    var hasBodyBytes = false
    var continues = 0
    var isDue = false
    var persists: Bool?
  }

  private static let responseBytes = 100

  init(configuration: ServerConfiguration = configuration) {
    machine = ConnectionStateMachine(limits: ConnectionStateMachine.Limits(configuration), at: now)
    parser = RequestParser(limits: configuration.parserLimits, peer: .unix)
  }

  var isOpen: Bool { machine.isOpen }
  var deadline: MonotonicTime { machine.deadline(pending) }

  mutating func run(_ step: Step) {
    switch step {
    case .receive(let text): receive(Array(text.utf8))
    case .respond(let closes): if machine.isHandling { respond(closes: closes) }
    case .write(let count): if machine.isStreaming { queue(count) }
    case .endStream: if machine.isStreaming { perform(machine.responseEnded(at: now)) }
    case .failStream: if machine.isStreaming { perform(machine.streamFailed(at: now)) }
    case .take(let count): room = count
    case .wait(let duration): wait(TimeSpan(duration))
    case .finish:
      peerHasFinished = true
      _ = machine.peerFinished()
    case .drain:
      machine.drain()
      isDraining = true
      advance()
      perform(machine.closeIfIdle(at: now))
    }
    advance()
    check()
  }

  mutating func receive(_ bytes: [UInt8]) {
    guard !peerHasFinished, isOpen else { return }
    input += bytes
    pending.insert(.unreadInput)
  }

  /// Has all deadlines pass until the connection is closed, and ends its stream: nothing may be open for ever.
  mutating func abandon() {
    run(.endStream)
    for _ in 0..<8 where isOpen {
      now = max(now, deadline)
      perform(machine.deadlinePassed(pending, at: now))
      advance()
      check()
    }
    if isOpen { violations.append("open for ever") }
  }

  private mutating func wait(_ span: TimeSpan) {
    let end = now + span
    // Each deadline in turn, as the loop's timers would.
    while isOpen, deadline <= end {
      now = max(now, deadline)
      let action = machine.deadlinePassed(pending, at: now)
      if action == .none { return violations.append("a deadline without consequence") }
      perform(action)
      advance()
    }
    now = end
  }

  private mutating func advance() {
    flush()
    while isOpen {
      if pending.contains(.unreadInput), machine.wantsInput {
        pending.remove(.unreadInput)
        let bytes = input
        input = []
        let count = consume(bytes)
        if machine.keepsInput { input = Array(bytes[count...]) }
        flush()
        continue
      }
      guard peerHasFinished, !pending.contains(.unreadInput) else { return }
      machine.peerEnded()
      let action = machine.inputEnded(isPartial: !parser.isBetweenRequests || !input.isEmpty, at: now)
      perform(action)
      flush()
      if action == .none { return }
    }
  }

  private mutating func consume(_ bytes: [UInt8]) -> Int {
    var offset = 0
    while true {
      switch machine.received(bytes.count - offset, at: now) {
      case .parse: guard parse(bytes, &offset) else { return offset }
      case .leave:
        if offset < bytes.count { pending.insert(.unreadInput) }
        return offset
      case .discard: return bytes.count
      case .close:
        perform(.close(.done))
        return bytes.count
      }
    }
  }

  private mutating func parse(_ bytes: [UInt8], _ offset: inout Int) -> Bool {
    let event: RequestParser.Event
    do throws(HTTPProtocolError) {
      event = try parser.next(bytes.span, &offset)
    } catch {
      reject("\(error.kind)")
      return true
    }
    switch event {
    case .head(let head):
      log.append("\(head.method) \(head.path)")
      if request != nil || isClosing { violations.append("a request too early") }
      request = Request(head: head)
      perform(
        machine.headReceived(
          head.framing, version: head.version, bodyLimit: head.path.hasSuffix("body") ? 10 : nil, at: now))
    case .chunk(let length): perform(machine.chunkBegan(length, at: now))
    case .body(let range):
      request?.hasBodyBytes = true
      perform(machine.bodyReceived(range.count, at: now))
    case .end: perform(machine.bodyEnded(at: now))
    case .incomplete:
      let isPartial = offset < bytes.count || !parser.isBetweenRequests
      let action = machine.starved(isPartial: isPartial, at: now)
      guard action != .none else { return false }
      perform(action)
    }
    return true
  }

  private mutating func perform(_ action: ConnectionStateMachine.Action) {
    if !isOpen, action != .none { violations.append("\(action) when closed") }
    switch action {
    case .none: break
    case .respond:
      if request?.isDue != false { violations.append("a second response, or one to nothing") }
      request?.isDue = true
      guard let path = request?.head.path else { return }
      if path.hasPrefix("/now") { respond() } else { machine.handlingBegan(at: now) }
    case .sendContinue:
      log.append("continue")
      request?.continues += 1
      if request?.continues != 1 || request?.hasBodyBytes != false || request?.isDue != false
        || request?.head.framing.expectsContinue != true
      {
        violations.append("100 Continue out of turn")
      }
      queue(25)
    case .nextRequest:
      log.append("next")
      if request?.persists != true || isDraining { violations.append("a next request after the last response") }
      if !parser.isBetweenRequests { violations.append("a next request in the middle of a body") }
      request = nil
      if !input.isEmpty { pending.insert(.unreadInput) }
    case .reject(let rejection): reject("\(rejection)")
    case .closeAfterOutput: beginClosing()
    case .finishWriting:
      log.append("finish writing")
      if hasFinishedWriting || output > 0 || !isClosing { violations.append("finished too early, or twice") }
      hasFinishedWriting = true
    case .close(let reason):
      log.append(machine.closed() == true || reason.resets ? "reset" : "close")
      input = []
    }
  }

  private mutating func beginClosing() {
    if isClosing { violations.append("closing twice") }
    isClosing = true
    request = nil
    input = []
    pending.remove(.unreadInput)
  }

  private mutating func reject(_ reason: String) {
    log.append("reject \(reason)")
    switch machine.rejected(at: now) {
    case .duringResponse: return perform(.close(.done))
    case .afterResponse: break
    case .beforeResponse:
      log.append("error response")
      queue(Self.responseBytes)
    }
    beginClosing()
  }

  private mutating func respond(closes: Bool = false) {
    let isStream = request?.head.path.hasPrefix("/stream") == true
    let persists = machine.responseBegan(asksToClose: closes, isStream: isStream)
    if persists, isStream, request?.head.version == .oneDotZero { violations.append("a body without an end") }
    request?.persists = persists
    log.append((isStream ? "stream" : "response") + (persists ? "" : ", close"))
    queue(Self.responseBytes)
    if isStream { machine.streamBegan() } else { perform(machine.responseEnded(at: now)) }
  }

  private mutating func queue(_ count: Int) {
    output += count
    machine.outputQueued(count, at: now)
  }

  private mutating func flush() {
    guard isOpen else { return }
    let taken = min(output, room)
    output -= taken
    if room != .max { room -= taken }
    perform(machine.outputSent(taken, at: now))
  }

  private mutating func check() {
    guard isOpen else { return }
    if machine.outputBytes != output { violations.append("output miscounted") }
    if deadline == .never, !machine.isStreaming || output > 0 { violations.append("no deadline") }
    if isClosing, machine.isReadingHead || machine.isCollecting { violations.append("reads on while it closes") }
  }
}

extension ConnectionDriver.Step {
  /// A sequence of steps for any bytes: the first one chooses a step, and the second one a detail of it.
  static func sequence(from bytes: [UInt8]) -> [Self] {
    stride(from: 0, to: bytes.count - 1, by: 2).map { Self(bytes[$0], Int(bytes[$0 + 1])) }
  }

  private init(_ choice: UInt8, _ detail: Int) {
    switch choice % 16 {
    case 0...6: self = .receive(Self.texts[detail % Self.texts.count])
    case 7: self = .respond(close: detail % 8 == 0)
    case 8: self = .write(detail * 8)
    case 9: self = detail % 4 == 0 ? .failStream : .endStream
    case 10: self = .take(detail * 4)
    case 11: self = .take(.max)
    case 12: self = .wait(.milliseconds(detail * 100))
    case 13: self = .wait(.seconds(detail))
    case 14: self = detail % 4 == 0 ? .finish : .respond()
    default: self = detail % 4 == 0 ? .drain : .endStream
    }
  }

  /// Whole messages and pieces of them, which fit together in some order.
  private static let texts = [
    "GET /now HTTP/1.1\r\nHost: a\r\n\r\n", "GET /later HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n", "GET /stream HTTP/1.0\r\n\r\n", "GET /now HTTP/1.0\r\n\r\n",
    "GET /now HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "POST /now/body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    "POST /later/body HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
    "POST /now/body HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST /later HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST /now HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n",
    "POST /now HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 30\r\n\r\n",
    "POST /now/body HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n",
    "POST /la", "ter/body HTTP/1.1\r\n", "Host: a\r\n", "Transfer-Encoding: chunked\r\n", "\r\n", "abc", "a", "3\r\n",
    "3\r\nabc\r\n", "b\r\n", "15\r\n", "0\r\n\r\n", "Z\r\n", "\r",
    "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
  ]
}
