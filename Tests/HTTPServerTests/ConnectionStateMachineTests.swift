import Testing

@testable import HTTPServer

/// The protocol of a connection, without sockets and without waiting.
@Suite struct ConnectionStateMachineTests {
  typealias Step = ConnectionDriver.Step

  struct Case: CustomTestStringConvertible {
    let name: String
    let steps: [Step]
    let log: [String]

    init(_ name: String, _ steps: [Step], _ log: [String]) {
      self.name = name
      self.steps = steps
      self.log = log
    }

    var testDescription: String { name }
  }

  private static func get(_ path: String, _ fields: String = "", version: String = "1.1") -> String {
    "GET \(path) HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n"
  }

  private static func post(_ path: String, _ framing: String, _ body: String = "") -> String {
    "POST \(path) HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n\(body)"
  }

  private static let chunked = "Transfer-Encoding: chunked"
  private static let expects = "Expect: 100-continue\r\n"
  private static let end = ["finish writing", "close"]

  private func check(_ test: Case) {
    var connection = ConnectionDriver()
    for step in test.steps { connection.run(step) }
    #expect(connection.log == test.log)
    #expect(connection.violations == [])
  }

  @Test(arguments: [
    Case("a request without a body", [.receive(get("/now"))], ["GET /now", "response", "next"]),
    Case(
      "pipelined requests, one after the other", [.receive(get("/now/1") + get("/later/2") + get("/now/3"))],
      ["GET /now/1", "response", "next", "GET /later/2"]),
    Case(
      "the rest of a pipeline when the response is there",
      [.receive(get("/later/1") + get("/now/2")), .respond()],
      ["GET /later/1", "response", "next", "GET /now/2", "response", "next"]),
    Case(
      "a pipeline is left while too much waits to be taken",
      [.take(0), .receive(String(repeating: get("/now"), count: 12)), .wait(.seconds(29))],
      Array(repeating: ["GET /now", "response", "next"], count: 10).flatMap { $0 }),
    Case(
      "and goes on when the peer has taken some",
      [.take(0), .receive(String(repeating: get("/now"), count: 12)), .take(.max)],
      Array(repeating: ["GET /now", "response", "next"], count: 12).flatMap { $0 }),
    Case(
      "a connection that the client ends",
      [.receive(get("/now", "Connection: close\r\n") + get("/now/2")), .finish],
      ["GET /now", "response, close"] + end),
    Case(
      "a connection that the handler ends",
      [.receive(get("/later")), .respond(close: true), .wait(.seconds(2))], ["GET /later", "response, close"] + end),
    Case("HTTP/1.0", [.receive(get("/now", version: "1.0"))], ["GET /now", "response, close", "finish writing"]),
    Case(
      "HTTP/1.0 that keeps the connection", [.receive(get("/now", "Connection: keep-alive\r\n", version: "1.0"))],
      ["GET /now", "response", "next"]),
    Case(
      "a stream to HTTP/1.0, which only the end of the connection delimits",
      [.receive(get("/stream", "Connection: keep-alive\r\n", version: "1.0")), .respond(), .endStream],
      ["GET /stream", "stream, close", "finish writing"]),
    Case("what is no request", [.receive("nonsense\r\n")], ["reject badRequest", "error response", "finish writing"]),
    Case(
      "what is no request, behind one that is being handled", [.receive(get("/later") + "nonsense\r\n"), .respond()],
      ["GET /later", "response", "next", "reject badRequest", "error response", "finish writing"]),
  ])
  func readsOneRequestAfterTheOther(_ test: Case) { check(test) }

  @Test(arguments: [
    Case(
      "by its length", [.receive(post("/now/body", "Content-Length: 3", "ab")), .receive("c" + get("/now"))],
      ["POST /now/body", "response", "next", "GET /now", "response", "next"]),
    Case(
      "in chunks", [.receive(post("/now/body", chunked, "3\r\nabc\r\n")), .receive("2\r\nde\r\n0\r\n\r\n")],
      ["POST /now/body", "response", "next"]),
    Case(
      "too long as declared", [.receive(post("/now/body", "Content-Length: 11"))],
      ["POST /now/body", "reject bodyTooLong(limit: 10)", "error response", "finish writing"]),
    Case(
      "too long by its first chunk", [.receive(post("/now/body", chunked, "b\r\n"))],
      ["POST /now/body", "reject bodyTooLong(limit: 10)", "error response", "finish writing"]),
    Case(
      "too long by a later chunk", [.receive(post("/now/body", chunked, "6\r\n012345\r\n5\r\n"))],
      ["POST /now/body", "reject bodyTooLong(limit: 10)", "error response", "finish writing"]),
    Case(
      "badly framed", [.receive(post("/now/body", chunked, "Z\r\n"))],
      ["POST /now/body", "reject badRequest", "error response", "finish writing"]),
  ])
  func readsABody(_ test: Case) { check(test) }

  @Test(arguments: [
    Case(
      "drained before the response", [.receive(post("/now", "Content-Length: 3", "abc"))],
      ["POST /now", "response", "next"]),
    Case(
      "drained after the response", [.receive(post("/now", "Content-Length: 3", "a")), .receive("bc" + get("/now"))],
      ["POST /now", "response", "next", "GET /now", "response", "next"]),
    Case(
      "drained while the handler works",
      [.receive(post("/later", chunked, "1\r\na\r\n")), .receive("0\r\n\r\n"), .respond()],
      ["POST /later", "response", "next"]),
    Case(
      "longer than is drained, as declared", [.receive(post("/now", "Content-Length: 21"))],
      ["POST /now", "response, close", "finish writing"]),
    Case(
      "longer than is drained, by a chunk", [.receive(post("/now", chunked, "15\r\n"))],
      ["POST /now", "response, close", "finish writing"]),
    Case(
      "longer than is drained, found after the response",
      [.receive(post("/now", chunked)), .receive("14\r\n01234567890123456789\r\n1\r\n")],
      ["POST /now", "response", "finish writing"]),
    Case(
      "badly framed, found after the response", [.receive(post("/now", chunked)), .receive("Z\r\n")],
      ["POST /now", "response", "reject badRequest", "finish writing"]),
    Case(
      "badly framed, found during a stream",
      [.receive(post("/stream", chunked)), .respond(), .receive("Z\r\n")],
      ["POST /stream", "stream", "reject badRequest", "close"]),
  ])
  func drainsABodyThatTheHandlerDoesNotUse(_ test: Case) { check(test) }

  @Test(arguments: [
    Case(
      "asked for", [.receive(post("/now/body", expects + "Content-Length: 3")), .receive("abc")],
      ["POST /now/body", "continue", "response", "next"]),
    Case(
      "once", [.receive(post("/now/body", expects + chunked)), .receive("1"), .receive("\r\na\r\n0\r\n\r\n")],
      ["POST /now/body", "continue", "response", "next"]),
    Case(
      "not if the body has come", [.receive(post("/now/body", expects + "Content-Length: 3", "abc"))],
      ["POST /now/body", "response", "next"]),
    Case(
      "not if the body has begun", [.receive(post("/now/body", expects + "Content-Length: 3", "a"))],
      ["POST /now/body"]),
    Case(
      "not without a body", [.receive(post("/now/body", expects + "Content-Length: 0"))],
      ["POST /now/body", "response", "next"]),
    Case(
      "not if the body is too long", [.receive(post("/now/body", expects + "Content-Length: 11"))],
      ["POST /now/body", "reject bodyTooLong(limit: 10)", "error response", "finish writing"]),
    Case(
      "not if the handler does not use the body", [.receive(post("/now", expects + "Content-Length: 3"))],
      ["POST /now", "response, close", "finish writing"]),
  ])
  func sendsContinue(_ test: Case) { check(test) }

  @Test(arguments: [
    Case("before any request", [.finish], ["close"]),
    Case("between requests", [.receive(get("/now")), .finish], ["GET /now", "response", "next", "close"]),
    Case(
      "in a head", [.receive("GET / HTT"), .finish], ["reject incomplete", "error response", "close"]),
    Case(
      "in a body", [.receive(post("/now/body", "Content-Length: 3", "a")), .finish],
      ["POST /now/body", "reject incomplete", "error response", "close"]),
    Case(
      "in a body that is drained, after the response", [.receive(post("/now", "Content-Length: 3", "a")), .finish],
      ["POST /now", "response", "close"]),
    Case(
      "while the handler works: it still gets its response", [.receive(get("/later")), .finish, .respond()],
      ["GET /later", "response", "next", "close"]),
    Case(
      "with a pipeline unread: all of it is served", [.receive(get("/later") + get("/now")), .finish, .respond()],
      ["GET /later", "response", "next", "GET /now", "response", "next", "close"]),
    Case(
      "with output unread", [.take(50), .receive(get("/now")), .finish, .take(.max)],
      ["GET /now", "response", "next", "close"]),
  ])
  func servesAPeerThatSendsNoMore(_ test: Case) { check(test) }

  @Test(arguments: [
    Case("no first request", [.wait(.seconds(14)), .wait(.seconds(1))], ["close"]),
    Case(
      "a slow first head, from the beginning of the connection on",
      [.wait(.seconds(14)), .receive("GET"), .wait(.seconds(1)), .finish],
      ["reject headTooSlow", "error response"] + end),
    Case(
      "a slow later head, from its first byte on",
      [
        .receive(get("/now")), .wait(.seconds(149)), .receive("G"), .wait(.seconds(14)), .receive("E"),
        .wait(.seconds(1)),
      ],
      ["GET /now", "response", "next", "reject headTooSlow", "error response", "finish writing"]),
    Case(
      "no later request", [.receive(get("/now")), .wait(.seconds(149)), .wait(.seconds(1))],
      ["GET /now", "response", "next", "close"]),
    Case(
      "a slow body", [.receive(post("/now/body", "Content-Length: 3", "a")), .wait(.seconds(10)), .wait(.seconds(1))],
      ["POST /now/body", "reject bodyTooSlow", "error response", "finish writing"]),
    Case(
      "a body at the least rate",
      [.receive(post("/now/body", "Content-Length: 3", "ab")), .wait(.seconds(11)), .receive("c")],
      ["POST /now/body", "response", "next"]),
    Case(
      "a slow body that has been responded to",
      [.receive(post("/now", "Content-Length: 3", "a")), .wait(.seconds(11))],
      ["POST /now", "response", "reject bodyTooSlow", "finish writing"]),
    Case(
      "a slow handler", [.receive(get("/later")), .wait(.seconds(89)), .wait(.seconds(1)), .respond()],
      ["GET /later", "reject handlerTooSlow", "error response", "finish writing"]),
    Case(
      "a slow reader",
      [
        .take(50), .receive(get("/now")), .wait(.seconds(29)), .take(1), .wait(.seconds(29)),
        .wait(.seconds(1)),
      ], ["GET /now", "response", "next", "reset"]),
    Case(
      "a slow reader of an error", [.take(50), .receive("nonsense\r\n"), .wait(.seconds(30))],
      ["reject badRequest", "error response", "reset"]),
    Case(
      "not a stream that has nothing to send",
      [.receive(get("/stream")), .respond(), .wait(.seconds(1000)), .endStream],
      ["GET /stream", "stream", "next"]),
  ])
  func endsWhatTakesTooLong(_ test: Case) { check(test) }

  @Test(arguments: [
    Case("the peer closes", [.receive("x\r\n"), .finish], ["reject badRequest", "error response"] + end),
    Case(
      "the peer says nothing", [.receive("x\r\n"), .wait(.seconds(1)), .wait(.seconds(1))],
      ["reject badRequest", "error response"] + end),
    Case(
      "the peer goes on sending for too long",
      [.receive("x\r\n")] + Array(repeating: [.wait(.seconds(1)), .receive("x")], count: 8).flatMap { $0 },
      ["reject badRequest", "error response"] + end),
    Case(
      "the peer sends too much", [.receive("x\r\n"), .receive(String(repeating: "x", count: 50)), .receive("x")],
      ["reject badRequest", "error response"] + end),
    Case(
      "nothing more is read before the response is out",
      [.take(0), .receive("x\r\n"), .receive(String(repeating: "x", count: 51)), .wait(.seconds(29))],
      ["reject badRequest", "error response"]),
  ])
  func lingersUntil(_ test: Case) { check(test) }

  @Test(arguments: [
    Case(
      "in chunks", [.receive(get("/stream")), .respond(), .failStream], ["GET /stream", "stream", "finish writing"]),
    Case(
      "that the end of the connection delimits",
      [.receive(get("/stream", version: "1.0")), .respond(), .failStream], ["GET /stream", "stream, close", "reset"]),
    Case(
      "that the end of the connection delimits, after its output",
      [.receive(get("/stream", version: "1.0")), .take(0), .respond(), .failStream, .wait(.seconds(1)), .take(.max)],
      ["GET /stream", "stream, close", "reset"]),
  ])
  func cutsOffAFailedStream(_ test: Case) { check(test) }

  @Test(arguments: [
    Case("at once without a request", [.drain], ["close"]),
    Case("at once between requests", [.receive(get("/now")), .drain], ["GET /now", "response", "next", "close"]),
    Case(
      "after output that waits", [.take(50), .receive(get("/now")), .drain, .take(.max)],
      ["GET /now", "response", "next", "finish writing"]),
    Case(
      "after the response", [.receive(get("/later") + get("/now")), .drain, .respond()],
      ["GET /later", "response, close", "finish writing"]),
    Case(
      "after a request that has begun", [.receive("GET /now HTTP/1.1\r\n"), .drain, .receive("Host: a\r\n\r\n")],
      ["GET /now", "response, close", "finish writing"]),
    Case(
      "after a stream that said it would go on", [.receive(get("/stream")), .respond(), .drain, .endStream],
      ["GET /stream", "stream", "finish writing"]),
  ])
  func drains(_ test: Case) { check(test) }

  /// No deadline passes for what the server has not got round to.
  @Test func doesNotBlameThePeerForTheServer() {
    var machine = ConnectionStateMachine(
      limits: ConnectionStateMachine.Limits(ConnectionDriver.configuration), at: MonotonicTime(nanoseconds: 0))
    let later = MonotonicTime(nanoseconds: 0) + TimeSpan(.seconds(1000))
    #expect(machine.deadline(.unreadInput) == .never)
    #expect(machine.deadlinePassed(.unreadInput, at: later) == .none)
    machine.outputQueued(1, at: MonotonicTime(nanoseconds: 0))
    #expect(machine.deadline([.unreadInput, .streamTurn]) == .never)
    #expect(machine.deadlinePassed([.unreadInput, .streamTurn], at: later) == .none)
    #expect(machine.deadlinePassed([.unreadInput], at: later) == .close(.unreadOutput))
  }

  /// Whatever happens in whatever order, and whenever the peer goes: see what the driver checks.
  @Test func endsAfterAnySequenceOfEvents() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...60)).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
      var connection = ConnectionDriver()
      for step in Step.sequence(from: bytes) { connection.run(step) }
      connection.abandon()
      #expect(connection.violations == [], "\(bytes)")
    }
  }
}
