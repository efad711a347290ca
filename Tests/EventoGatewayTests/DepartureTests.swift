import Evento
import EventoGateway
import EventoSQLite
import TestSupport
import Testing

@testable import HTTPServer

/// Clients that wait for events, and go.
@Suite(.timeLimit(.minutes(2))) struct DepartureTests {
  static let pollers = [PollerKind.best, .poll]
  private static let limit = 5

  /// Nothing but a client's going ends a wait here, or is noticed by a heartbeat.
  private func withGateway(_ poller: PollerKind, _ body: (HTTPClient) async throws -> Void) async throws {
    var server = ServerConfiguration()
    server.poller = poller
    let store = try await SQLiteExecutor.open(":memory:")
    try await withRunningGateway(
      over: store,
      {
        $0.followers = Self.limit
        $0.heartbeat = .seconds(600)
      }, server: server
    ) { client, _, _ in try await body(client) }
    await store.close()
  }

  /// Waits until there are so many followers, for much less than a wait takes.
  private func waitForFollowers(_ count: Int, _ client: HTTPClient) async throws {
    let end = ContinuousClock.now + .seconds(20)
    while try await !client.send("GET", "/metrics").text.contains("evento_followers \(count)\n") {
      try #require(ContinuousClock.now < end)
    }
  }

  private func open(_ client: HTTPClient, _ target: String, _ body: String? = nil) async throws -> RawConnection {
    let connection = try RawConnection(port: client.port)
    let message = client.message(body == nil ? "GET" : "POST", target, body.map { Array($0.utf8) }, [])
    // A connection that stays open after the response, as most do.
    try await connection.send(String(decoding: message, as: UTF8.self).replacing("Connection: close\r\n", with: ""))
    return connection
  }

  @Test(arguments: pollers, [true, false]) func freesTheSlotsOfAbandonedPolls(
    _ poller: PollerKind, byReset: Bool
  ) async throws {
    try await withGateway(poller) { client in
      for (target, body) in [("/events?wait=60", nil), ("/events/query", "{\"after\":\"now\",\"wait\":60}")] {
        var polls: [RawConnection] = []
        for _ in 0..<Self.limit { polls.append(try await open(client, target, body)) }
        try await waitForFollowers(Self.limit, client)
        try expectProblem(try await client.send("GET", "/events?wait=60"), 503, "unavailable")
        if byReset { for poll in polls { poll.resetOnClose() } }
        polls = []
        try await waitForFollowers(0, client)
      }
      #expect(try await client.send("GET", "/events?wait=1").status == 200)
    }
  }

  @Test(arguments: pollers, [true, false]) func freesTheSlotsOfAbandonedStreams(
    _ poller: PollerKind, byReset: Bool
  ) async throws {
    try await withGateway(poller) { client in
      try await client.writeEvents(3)
      for target in ["/events/stream", "/events/stream?after=now&name=None&aggregator_type=none"] {
        var streams: [RawConnection] = []
        for _ in 0..<Self.limit {
          streams.append(try await open(client, target))
          #expect(try await streams[streams.count - 1].receive().starts(with: Array("HTTP/1.1 200".utf8)))
        }
        try await waitForFollowers(Self.limit, client)
        if byReset { for stream in streams { stream.resetOnClose() } }
        streams = []
        try await waitForFollowers(0, client)
      }
    }
  }

  /// It can't be told from one that is gone, and gets what there is.
  @Test(arguments: pollers) func respondsToAClientThatSendsNoMore(_ poller: PollerKind) async throws {
    try await withGateway(poller) { client in
      let cursors = try await client.writeEvents(3)
      for isEarly in [true, false] {
        let poll = try await open(client, "/events?after=\(cursors[2])&wait=60")
        if !isEarly { try await waitForFollowers(1, client) }
        try await poll.finishSending()
        var responses = HTTPResponseReader(poll)
        let page = try await responses.next()
        #expect(page.status == 200)
        #expect(try page.json["edges"]?[0] == nil)
        #expect(try page.json["page_info"]?["end_cursor"]?.string == cursors[2])
        #expect(try await poll.receive() == [])

        let stream = try await open(client, "/events/stream")
        if !isEarly { try await waitForFollowers(1, client) }
        try await stream.finishSending()
        responses = HTTPResponseReader(stream)
        // A body that is whole.
        let lines = try await responses.next().text
        #expect(lines.matches(of: /event: event\n/).count == 3)
        #expect(lines.hasSuffix(": heartbeat\nid: \(cursors[2])\n\n"))
        #expect(try await stream.receive() == [])
      }
      // A request that does not wait gets its usual response.
      let write = try await open(client, "/events", writeJSON(eventJSON()))
      try await write.finishSending()
      var responses = HTTPResponseReader(write)
      #expect(try await responses.next().status == 201)
      #expect(try await write.receive() == [])
    }
  }

  /// Its reads and writes that have not begun are dropped, whether a task waits for them (as for a long body) or not.
  @Test(arguments: pollers, [true, false]) func doesNothingForAClientThatHasGone(
    _ poller: PollerKind, byTasks: Bool
  ) async throws {
    var server = ServerConfiguration()
    server.poller = poller
    let store = try await SQLiteExecutor.open(":memory:")
    try await store.write([NewEvent(aggregatorType: "bank/Account", aggregatorID: "a", name: "Opened")])
    let viewer = BlockedReadsStore(store)
    let query = "{\"first\":1\(String(repeating: " ", count: byTasks ? 10_000 : 0))}"
    try await withRunningGateway(over: viewer, server: server) { client, _, _ in
      let patient = try await open(client, "/events/query", query)
      let end = ContinuousClock.now + .seconds(20)
      while viewer.readsBegun < 1 { try #require(ContinuousClock.now < end) }
      var gone: [RawConnection] = []
      for _ in 0..<5 { gone.append(try await open(client, "/events/query", query)) }
      gone.append(try await open(client, "/events", writeJSON(eventJSON())))
      while try await !client.send("GET", "/metrics").text.contains("evento_requests_in_flight 7\n") {
        try #require(ContinuousClock.now < end)
      }
      for connection in gone { connection.resetOnClose() }
      gone = []
      while try await !client.send("GET", "/metrics").text.contains("evento_connections_open 2\n") {
        try #require(ContinuousClock.now < end)
      }
      viewer.open()
      var responses = HTTPResponseReader(patient)
      #expect(try await responses.next().status == 200)
      // In the order in which they came: whatever waited has had its turn.
      let events = try await client.send("POST", "/events/query", "{}").json["edges"]
      #expect(events?[0] != nil && events?[1] == nil)
      #expect(viewer.readsBegun == 2)
    }
    await store.close()
  }

  /// A store that does not call back works in a task, which ends when nobody waits for it any more.
  @Test(arguments: pollers) func cancelsTheTaskOfAClientThatHasGone(_ poller: PollerKind) async throws {
    struct Patient: StoreWrapper {
      let store: SQLiteExecutor
      let ended = CommitSignal()

      func read(
        _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
      ) async throws -> ReadResult<Event> {
        await CommitSignal().wait(past: 0, until: .now + .seconds(600))
        ended.advance()
        throw EventoError(.unavailable, "Cancelled.")
      }
    }
    var server = ServerConfiguration()
    server.poller = poller
    let patient = Patient(store: try await SQLiteExecutor.open(":memory:"))
    try await withRunningGateway(over: patient, server: server) { client, _, _ in
      var connection: RawConnection? = try await open(client, "/events")
      let end = ContinuousClock.now + .seconds(20)
      while try await !client.send("GET", "/metrics").text.contains("evento_requests_in_flight 1\n") {
        try #require(ContinuousClock.now < end)
      }
      connection?.resetOnClose()
      connection = nil
      await patient.ended.wait(past: 0, until: end)
      #expect(patient.ended.count == 1)
    }
    await patient.store.close()
  }
}
