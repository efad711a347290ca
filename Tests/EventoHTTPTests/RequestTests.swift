import Evento
import EventoHTTP
import EventoWire
import Synchronization
import Testing

/// What goes out.
@Suite struct RequestTests {
  /// Runs calls against a gateway that responds to each with the same, and returns what they sent.
  private func requests(
    response: [UInt8], _ configuration: HTTPConfiguration = testConfiguration(), path: String = "",
    _ body: (HTTPExecutor) async throws -> Void
  ) async throws -> [Request] {
    let seen = Mutex<[Request]>([])
    let server = try ScriptedServer { request in
      seen.withLock { $0.append(request) }
      return response
    }
    try await withServer(server, configuration, path: path, body)
    return seen.withLock { $0 }
  }

  @Test(arguments: [
    ("plain", "plain"), ("a/b", "a%2Fb"), (".", "%2E"), ("..", "%2E%2E"), ("...", "..."), ("a.b", "a.b"),
    ("%2F", "%252F"), ("a b+c", "a%20b%2Bc"), ("?q=1#f", "%3Fq%3D1%23f"), ("é", "%C3%A9"), ("💶", "%F0%9F%92%B6"),
    ("a HTTP/1.1", "a%20HTTP%2F1.1"), ("-._~", "-._~"), ("A:@!$&'()*,;=", "A%3A%40%21%24%26%27%28%29%2A%2C%3B%3D"),
    ("\u{80}\u{9F}", "%C2%80%C2%9F"),
  ]) func aKeyIsOneSegmentWhateverIsInIt(_ key: String, _ segment: String) async throws {
    let running = httpResponse("200 OK", "application/json", [], #"{"running":true}"#)
    let worker = ULID()
    let sent = try await requests(response: running) { executor in
      let isRunning = try await executor.isSubscriberRunning(key, workerID: worker)
      #expect(isRunning)
    }
    #expect(sent.map(\.target) == ["/subscribers/\(segment)/workers/\(worker)"])
  }

  @Test(arguments: ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "", String(repeating: "k", count: 256), "\u{7F}"])
  func aKeyThatIsNoneIsNotSent(_ key: String) async throws {
    let sent = try await requests(response: httpResponse("204 No Content")) { executor in
      let snapshot = SnapshotKey(type: "t", revision: key, id: "i")
      let errors = [
        await failure { () throws in _ = try await executor.subscriber(key) },
        await failure { () throws in _ = try await executor.getSubscriberCursor(key) },
        await failure { () throws in _ = try await executor.isSubscriberRunning(key, workerID: ULID()) },
        await failure { () throws in _ = try await executor.upsertSubscriber(key, workerID: ULID()) },
        await failure { () throws in _ = try await executor.acknowledge(key, cursor: nil) },
        await failure { () throws in _ = try await executor.setSubscriberEnabled(key, true) },
        await failure { () throws in _ = try await executor.deleteSubscriber(key) },
        await failure { () throws in _ = try await executor.getSnapshot(snapshot) },
        await failure { () throws in _ = try await executor.deleteSnapshot(snapshot) },
        await failure { () throws in _ = try await executor.write([.sample(key)]) },
        await failure { () throws in
          _ = try await executor.read([ReadAggregator(key)], routingKey: .all, args: .forward())
        },
        await failure { () throws in
          _ = try await executor.read(nil, routingKey: .value(key), args: .forward())
        },
      ]
      for error in errors { #expect(error?.code == .invalidRequest) }
    }
    #expect(sent.isEmpty)
  }

  @Test func eachOperationSendsWhatTheAPISays() async throws {
    let (worker, id, cursor) = (ULID(), ULID(), Cursor(content: [1]))
    let sent = try await requests(response: problem(404, "not_found"), path: "/base/path/") { executor in
      let key = SnapshotKey(type: "bank/Account", revision: "1", id: "a-1")
      let errors = [
        await failure { () throws in try await executor.write([.sample(id: id)]) },
        await failure { () throws in
          _ = try await executor.read(nil, routingKey: .all, args: .backward(last: 3))
        },
        await failure { () throws in _ = try await executor.event(id) },
        await failure { () throws in _ = try await executor.subscriber("s") },
        await failure { () throws in _ = try await executor.subscribers(first: 7, after: "a/é&b") },
        await failure { () throws in _ = try await executor.isSubscriberRunning("s", workerID: worker) },
        await failure { () throws in _ = try await executor.upsertSubscriber("s", workerID: worker) },
        await failure { () throws in
          _ = try await executor.acknowledge("s", cursor: cursor, lag: 7, workerID: worker)
        },
        await failure { () throws in _ = try await executor.setSubscriberEnabled("s", false) },
        await failure { () throws in _ = try await executor.deleteSubscriber("s") },
        await failure { () throws in _ = try await executor.getSnapshot(key) },
        await failure { () throws in
          _ = try await executor.saveSnapshot(key, Snapshot(data: Payload("x"), cursor: cursor))
        },
        await failure { () throws in _ = try await executor.deleteSnapshot(key) },
        await failure { () throws in _ = try await executor.checkReadiness() },
      ]
      for error in errors { #expect(error?.code == .notFound) }
    }
    #expect(
      sent.map { "\($0.method) \($0.target)" } == [
        "POST /base/path/events", "POST /base/path/events/query", "GET /base/path/events/\(id)",
        "GET /base/path/subscribers/s", "GET /base/path/subscribers?first=7&after=a%2F%C3%A9%26b",
        "GET /base/path/subscribers/s/workers/\(worker)",
        "PUT /base/path/subscribers/s", "PUT /base/path/subscribers/s/cursor", "PATCH /base/path/subscribers/s",
        "DELETE /base/path/subscribers/s", "GET /base/path/snapshots/bank%2FAccount/1/a-1",
        "PUT /base/path/snapshots/bank%2FAccount/1/a-1", "DELETE /base/path/snapshots/bank%2FAccount/1/a-1",
        "GET /base/path/readyz",
      ])
    #expect(sent[1].text == #"{"last":3}"#)
    #expect(sent[6].text == #"{"worker_id":"\#(worker)"}"#)
    #expect(sent[7].text == #"{"cursor":"\#(cursor)","lag":7,"worker_id":"\#(worker)"}"#)
    #expect(sent[8].text == #"{"enabled":false}"#)
    #expect(sent[11].text == #"{"cursor":"\#(cursor)","data_base64":"eA=="}"# + "\n")
    for request in sent {
      #expect(request.headers["content-type"] == (request.body.isEmpty ? nil : "application/json"))
      #expect(request.headers["user-agent"] == "evento-swift")
      #expect(request.headers["authorization"] == nil)
    }
  }

  @Test func aWriteSendsAnIDForEveryEventAndKeepsThoseThatThereAre() async throws {
    let id = ULID()
    let sent = try await requests(response: problem(409, "condition_failed")) { executor in
      let condition = WriteCondition(failIfEventsMatch: [ReadAggregator("t", id: "i")], after: Cursor(content: [9]))
      let error = await failure { () throws in
        try await executor.write([.sample(id: id), .sample(data: "not JSON")], condition: condition)
      }
      #expect(error?.code == .conditionFailed)
    }
    let request = try WriteRequest(json: try #require(sent.first).body, limits: .unlimited)
    #expect(request.events[0].id == id && request.events[1].id != nil && request.events[1].id != id)
    #expect(request.events[1].data == Payload("not JSON"))
    #expect(request.condition?.after == Cursor(content: [9]))
  }

  @Test func theTokenGoesWithEachCall() async throws {
    let configuration = testConfiguration { configuration in
      configuration.token = "abc.DEF-123~+/=="
      configuration.userAgent = "ledger/1.0 (evento)"
    }
    let sent = try await requests(response: problem(403, "forbidden"), configuration) { executor in
      #expect(await failure { () throws in _ = try await executor.subscribers() }?.code == .forbidden)
      #expect(await failure { () throws in _ = try await executor.write([.sample()]) }?.code == .forbidden)
    }
    #expect(sent.map { $0.headers["authorization"] } == Array(repeating: "Bearer abc.DEF-123~+/==", count: 2))
    #expect(sent.map { $0.headers["user-agent"] } == Array(repeating: "ledger/1.0 (evento)", count: 2))
  }

  @Test func aRedirectionIsNotFollowedAndTheTokenStays() async throws {
    let elsewhere = try ScriptedServer { _ in httpResponse("200 OK", "application/json", [], noSubscribers) }
    defer { elsewhere.stop() }
    let redirection = httpResponse(
      "307 Temporary Redirect", "text/html", ["Location: \(elsewhere.baseURL)/subscribers"])
    let sent = try await requests(response: redirection, testConfiguration { $0.token = "secret" }) { executor in
      let error = await failure { () throws in _ = try await executor.subscribers() }
      #expect(error?.code == .unavailable && error?.detail.contains("307") == true)
    }
    #expect(sent.count == 1 && elsewhere.accepted == 0)
  }

  @Test func aLargeBodyArrivesWhole() async throws {
    let gateway = FakeGateway()
    let data = "\"" + String(repeating: "0123456789abcdef", count: 300_000) + "\""
    let bytes = Mutex(0)
    let server = try ScriptedServer { request in
      bytes.withLock { $0 = request.body.count }
      return gateway.writeResponse(request)
    }
    try await withServer(server) { executor in
      let result = try await executor.write([.sample(data: data)])
      #expect(result.events.map(\.id) == gateway.ids)
    }
    #expect(bytes.withLock { $0 } > data.utf8.count)
  }

  /// libcurl sends `Expect: 100-continue` with a body over 1 MiB, which some hops respond to with 417.
  @Test func aLargeBodyIsSentWithoutAsking() async throws {
    let gateway = FakeGateway()
    let data = Payload("\"" + String(repeating: "x", count: 3 << 20) + "\"")
    let seen = Mutex<[Request]>([])
    let server = try ScriptedServer { request in
      seen.withLock { $0.append(request) }
      if request.headers["expect"] != nil { return httpResponse("417 Expectation Failed") }
      return request.method == "POST" ? gateway.writeResponse(request) : httpResponse("204 No Content")
    }
    try await withServer(server) { executor in
      try await executor.write([.sample(data: "\"" + String(repeating: "x", count: 3 << 20) + "\"")])
      try await executor.saveSnapshot(
        SnapshotKey(type: "t", revision: "1", id: "i"), Snapshot(data: data, cursor: Cursor(content: [1])))
    }
    let requests = seen.withLock { $0 }
    #expect(requests.map(\.method) == ["POST", "PUT"])
    #expect(requests.allSatisfy { $0.headers["expect"] == nil && $0.body.count > 3 << 20 })
  }
}
