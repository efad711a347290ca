import Evento
import EventoHTTP
import EventoWire
import Synchronization
import Testing

/// Responses, and what hostile ends send instead.
@Suite struct ResponseTests {
  /// The error of a call that gets one response, whatever it is.
  private func error(
    response: [UInt8], _ configuration: HTTPConfiguration = testConfiguration { $0.retry = .never },
    _ call: @escaping (HTTPExecutor) async throws -> Void = { (executor) throws in
      _ = try await executor.subscribers()
    }
  ) async throws -> EventoError? {
    let server = try ScriptedServer { peer in
      while peer.readRequest() != nil {
        peer.write(response)
        // So that responses without a length end as well.
        break
      }
    }
    var error: EventoError?
    try await withServer(server, configuration) { executor in
      error = await failure { () throws in try await call(executor) }
    }
    return error
  }

  @Test func errorsKeepTheirCodeDetailAndFacts() async throws {
    let id = ULID()
    let errors = [
      EventoError(.invalidCursor, "a"), EventoError(.missingData, "b"), EventoError(.conditionFailed, "c"),
      EventoError(.unauthorized, "d"), EventoError(.forbidden, "e"), EventoError(.internal, "f"),
      EventoError(.contentTooLarge, "é \" \\ 💶"), EventoError(.subscriberTakenOver, "g"),
      EventoError(.duplicateEventID, "h", facts: .event(id)), EventoError(.unavailable, "i"),
      EventoError(.init(rawValue: "of_a_newer_gateway"), "j"),
      EventoError(
        .invalidOriginalVersion, "k",
        facts: .versionConflict(aggregatorType: "t", aggregatorID: "i", givenVersion: 3, currentVersion: 0)),
      EventoError(
        .invalidRequest, "l", facts: .fieldErrors([.init(.pointer("/events/0"), "m"), .init(.parameter("first"), "n")])),
    ]
    for expected in errors {
      let response = httpResponse(
        "\(expected.code.status) X", "Application/Problem+JSON; charset=utf-8", [], Problem.json(expected))
      #expect(try await error(response: response) == expected)
    }
  }

  /// What of all that is `unavailable`, and of the rest, may be gone another time.
  @Test(arguments: [
    (problem(503, "unavailable"), true), (problem(500, "internal"), true), (problem(408, "request_timeout"), true),
    (problem(429, "of_a_newer_gateway"), true), (httpResponse("502 Bad Gateway", "text/html", [], "<html>"), true),
    (httpResponse("404 Not Found", "text/html", [], "default backend"), true),
    (httpResponse("200 OK", "text/html", [], "<html>"), false), (httpResponse("302 Found", "text/html"), false),
    (httpResponse("200 OK", "application/json", [], #"{"subscribers":7}"#), false),
    (httpResponse("401 Unauthorized", "text/html", [], "<html>"), false), (problem(401, "unauthorized"), false),
    (problem(403, "forbidden"), false), (problem(400, "invalid_request"), false), (problem(404, "not_found"), false),
    (problem(409, "cursor_not_in_history"), false), (problem(418, "of_a_newer_gateway"), false),
  ]) func anErrorSaysIfItIsTransient(_ response: [UInt8], _ isTransient: Bool) async throws {
    #expect(try await error(response: response)?.isTransient == isTransient)
  }

  @Test func whatIsMissingIsNil() async throws {
    let codes = Mutex(["subscriber_not_found", "subscriber_not_found", "snapshot_not_found", "event_not_found"])
    let server = try ScriptedServer { _ in problem(404, codes.withLock { $0.removeFirst() }) }
    try await withServer(server) { executor in
      let subscriber = try await executor.subscriber("s")
      let cursor = try await executor.getSubscriberCursor("s")
      let snapshot = try await executor.getSnapshot(SnapshotKey(type: "t", revision: "r", id: "i"))
      let event = try await executor.event(ULID())
      #expect(subscriber == nil && cursor == nil && snapshot == nil && event == nil)
    }
  }

  @Test(arguments: [
    httpResponse("404 Not Found", "text/html", [], "<h1>not found</h1>"),
    httpResponse("404 Not Found", "application/json", [], #"{"code":"subscriber_not_found"}"#),
    problem(404, "not_found"),
  ]) func whatAnotherServerDoesNotFindIsAnError(_ response: [UInt8]) async throws {
    let error = try await error(response: response) { (executor) throws in
      _ = try await executor.subscriber("s")
    }
    #expect(error?.code == .unavailable || error?.code == .notFound)
  }

  @Test(arguments: [
    "<html>bad gateway</html>", "", "{", "null", "[]", "{}", #"{"subscribers":null}"#, #"{"subscribers":[{}]}"#,
    #"{"subscribers":[{"key":1}]}"#, noSubscribers + " trailing",
    #"{"subscribers":[]}"#, #"{"subscribers":[],"page_info":{}}"#, #"{"page_info":{"has_next_page":false}}"#,
    "\u{0}\u{1}\u{2}", #"{"subscribers":"#,
    String(repeating: "[", count: 100_000),
  ]) func aBodyThatIsNoneIsAnErrorThatQuotesIt(_ body: String) async throws {
    let error = try #require(try await error(response: httpResponse("200 OK", "application/json", [], body)))
    #expect(error.code == .unavailable)
    #expect(error.detail.contains("status 200"))
    #expect(error.detail.utf8.allSatisfy { $0 >= 0x20 } && error.detail.utf8.count < 800)
    if body.hasPrefix("<html>") { #expect(error.detail.contains(body)) }
  }

  @Test(arguments: [
    "garbage\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", "\0\0\0\0", "SSH-2.0-x\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 200 OK\r\nA", "\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", "HTTP/1.0 200 OK\r\n\r\n",
    "HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "",
    "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "HTTP/2 200\r\n\r\n",
  ]) func nonsenseIsUnavailable(_ text: String) async throws {
    let configuration = testConfiguration { configuration in
      configuration.retry.attempts = 2
      configuration.callDeadline = .seconds(20)
    }
    let error = try await error(response: Array(text.utf8), configuration)
    #expect(error?.code == .unavailable)
  }

  @Test func aRandomResponseIsNeverATrap() async throws {
    var random = SystemRandomNumberGenerator()
    let good = httpResponse("200 OK", "application/json", [], noSubscribers)
    for _ in 0..<150 {
      var response = good
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        response[Int.random(in: response.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let error = try await error(response: response)
      #expect(error == nil || error?.code == .unavailable, "\(String(decoding: response, as: UTF8.self))")
    }
  }

  @Test(arguments: [
    // Announced, sent without end in one piece, in chunks, and as a head.
    "HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n", "HTTP/1.1 200 OK\r\nX-A: ",
    "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n\r\n",
  ]) func aResponseWithoutEndIsCutOff(_ start: String) async throws {
    let server = try ScriptedServer { peer in
      guard peer.readRequest() != nil else { return }
      peer.write(start)
      while peer.write([UInt8](repeating: UInt8(ascii: "x"), count: 65536)) {}
    }
    let configuration = testConfiguration { configuration in
      configuration.responseBytes = 1 << 20
      configuration.retry = .never
    }
    try await withServer(server, configuration) { executor in
      let error = await failure { () throws in _ = try await executor.subscribers() }
      #expect(error?.code == .unavailable)
    }
  }

  @Test(arguments: ["HTTP/1.1 100 Continue\r\n\r\n", "X-Filler: abcdefghijklmnopqrstuvwxyz\r\n"])
  func headsWithoutEndAreCutOff(_ piece: String) async throws {
    let server = try ScriptedServer { peer in
      guard peer.readRequest() != nil else { return }
      if piece.hasPrefix("X-") { peer.write("HTTP/1.1 200 OK\r\n") }
      while peer.write(String(repeating: piece, count: 1000)) {}
    }
    try await withServer(server, testConfiguration { $0.retry = .never }) { executor in
      let error = await failure { () throws in _ = try await executor.subscribers() }
      #expect(error?.code == .unavailable)
    }
  }

  @Test func aResponseAtTheLimitIsTakenAndOneByteMoreIsNot() async throws {
    let body = noSubscribers
    let response = httpResponse("200 OK", "application/json", [], body)
    for (limit, isTaken) in [(body.utf8.count, true), (body.utf8.count - 1, false)] {
      let configuration = testConfiguration { configuration in
        configuration.responseBytes = limit
        configuration.retry = .never
      }
      let error = try await error(response: response, configuration)
      #expect((error == nil) == isTaken)
      if let error { #expect(error.detail.contains("larger than \(limit) bytes")) }
    }
  }

  @Test func compressedResponsesAreReadAndBoundedByWhatTheyHold() async throws {
    // A response, and 2 MiB of blanks.
    let small = try #require(Gzip.stored(Array(noSubscribers.utf8)))
    let headers = ["Content-Encoding: gzip"]
    let compressed = httpResponse("200 OK", "application/json", headers, small)
    #expect(try await error(response: compressed, testConfiguration { $0.acceptsCompression = true }) == nil)
    let configuration = testConfiguration { configuration in
      configuration.acceptsCompression = true
      configuration.responseBytes = 10
      configuration.retry = .never
    }
    let bomb = Gzip.zeros(blocks: 64)
    let error = try await error(
      response: httpResponse("200 OK", "application/json", headers, bomb),
      testConfiguration { configuration in
        configuration.acceptsCompression = true
        configuration.responseBytes = 1 << 20
      })
    #expect(error?.detail.contains("larger than \(1 << 20) bytes") == true)
    #expect(bomb.count < 1 << 20)
    let second = try await self.error(
      response: httpResponse("200 OK", "application/json", headers, small), configuration)
    #expect(second?.code == .unavailable)
  }

  @Test func aWriteResponseAboutOtherEventsIsRefused() async throws {
    let gateway = FakeGateway()
    let server = try ScriptedServer { request in
      var other = request
      other.body = WriteRequest(events: [.sample(id: ULID())]).json
      return gateway.writeResponse(other)
    }
    try await withServer(server) { executor in
      let error = await failure { () throws in try await executor.write([.sample()]) }
      #expect(error?.code == .unavailable)
    }
  }

  /// A loop over such pages would never end, or skip subscribers.
  @Test(arguments: [([], true), (["c", "b"], false), (["a"], false), (["A"], true), (["b", "b"], false)])
  func aPageOfSubscribersThatDoesNotGoOnIsRefused(_ keys: [String], _ hasNextPage: Bool) async throws {
    let subscribers = keys.map { key in
      Subscriber(
        key: key, workerID: ULID(), cursor: nil, lag: 0, isEnabled: true, createdAt: Timestamp(milliseconds: 0),
        updatedAt: Timestamp(milliseconds: 0))
    }
    let body = SubscriberResponse.json(SubscriberPage(subscribers: subscribers, hasNextPage: hasNextPage))
    let response = httpResponse("200 OK", "application/json", [], body)
    let error = try await error(response: response) { (executor) throws in
      _ = try await executor.subscribers(first: 10, after: "a")
    }
    #expect(error?.code == .unavailable)
  }

  @Test func aPageWithoutAWayToContinueIsRefused() async throws {
    let events = (1...3).map { number in
      Edge(
        cursor: Cursor(content: [UInt8(number)]),
        node: Event(
          id: ULID(), aggregatorType: "t", aggregatorID: "i", version: number, name: "n", routingKey: nil,
          data: Payload(), metadata: Metadata(), timestamp: Timestamp(seconds: 1)))
    }
    func page(_ count: Int, hasNext: Bool = false, hasPrevious: Bool = false, cursors: Bool = true) -> [UInt8] {
      let info = PageInfo(
        hasPreviousPage: hasPrevious, hasNextPage: hasNext, startCursor: cursors ? events[0].cursor : nil,
        endCursor: cursors ? events[0].cursor : nil)
      let page = ReadResult(edges: Array(events.prefix(count)), pageInfo: info)
      var output = PageOutput(.forward(), .auto, limit: .max)
      let end = page.forEachEvent(.forward()) { output.add($0) }
      return output.finish(end)
    }
    let (forward, backward, none) = (Args.forward(first: 2), Args.backward(last: 2), Args.forward(first: 0))
    for (body, args, isTaken) in [
      (page(2), forward, true), (page(2, hasNext: true), forward, true), (page(0), forward, true),
      (page(0, hasNext: true), none, true), (page(2, hasPrevious: true), backward, true),
      (page(3), forward, false), (page(3), backward, false), (page(0, hasNext: true), forward, false),
      (page(0, hasPrevious: true), backward, false), (page(2, hasNext: true, cursors: false), forward, false),
    ] {
      let error = try await error(response: httpResponse("200 OK", "application/json", [], body)) {
        (executor) throws in _ = try await executor.read(nil, routingKey: .all, args: args)
      }
      #expect((error == nil) == isTaken, "\(String(decoding: body, as: UTF8.self))")
    }
  }

  @Test func anErrorAsLongAsABookIsNotKept() async throws {
    let error = try await error(
      response: httpResponse(
        "400 Bad Request", Problem.mediaType, [],
        Problem.json(EventoError(.invalidRequest, String(repeating: "x", count: 70_000)))))
    #expect(error?.code == .unavailable && (error?.detail.utf8.count ?? 0) < 500)
  }

  @Test func readinessIsWhatTheGatewaySaysOfItself() async throws {
    let responses = Mutex([
      httpResponse("200 OK", "application/json", [], HealthResponse.json(isHealthy: true, checks: [("store", nil)])),
      httpResponse(
        "503 Service Unavailable", "application/json", ["Retry-After: 1"],
        HealthResponse.json(isHealthy: false, checks: [("store", "disk full")])),
      problem(503, "unavailable", ["Retry-After: 1"]),
    ])
    let server = try ScriptedServer { _ in responses.withLock { $0.removeFirst() } }
    try await withServer(server) { executor in
      try await executor.checkReadiness()
      let error = await failure { () throws in try await executor.checkReadiness() }
      #expect(error?.code == .unavailable && error?.detail.contains("disk full") == true)
      let problem = await failure { () throws in try await executor.checkReadiness() }
      #expect(problem == EventoError(.unavailable, "d"))
    }
    #expect(responses.withLock { $0.isEmpty })
  }
}
