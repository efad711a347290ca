import Evento
import EventoGateway
import EventoSQLite
import TestSupport
import Testing

/// Streams over an executor that gives no end cursor where others do.
@Suite(.timeLimit(.minutes(1))) struct MissingCursorTests {
  private struct Forgetful: StoreWrapper {
    let store: SQLiteExecutor

    func read(
      _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
    ) async throws -> ReadResult<Event> {
      var page = try await store.read(aggregators, routingKey: routingKey, args: args)
      page.pageInfo.endCursor = nil
      return page
    }
  }

  private func withForgetfulGateway(_ body: (HTTPClient, SQLiteExecutor) async throws -> Void) async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    try await withGateway(over: Forgetful(store: store), { $0.heartbeat = .milliseconds(1) }) {
      try await body($0, store)
    }
    await store.close()
  }

  @Test func anEmptyLogHasHeartbeatsWithoutACursor() async throws {
    try await withForgetfulGateway { client, _ in
      let stream = try await OpenStream(client, "/events/stream") {
        $0.ranges(of: ": heartbeat\n\n").count >= 3
      }
      #expect(stream.status == 200 && !stream.text.contains("id:"))
    }
  }

  /// A stream that has nothing to write ends all the same when its connection is broken.
  @Test func aClientThatIsGoneFreesItsSlot() async throws {
    try await withForgetfulGateway { client, _ in
      func followers(_ count: Int) async throws -> Bool {
        try await client.send("GET", "/metrics").text.contains("evento_followers \(count)\n")
      }
      var connection: RawConnection? = try RawConnection(port: client.port)
      try await connection?.send(
        client.message("GET", "/events/stream", nil, [("Accept", "application/x-ndjson")]))
      while try await !followers(1) {}
      connection?.resetOnClose()
      connection = nil
      while try await !followers(0) {}
    }
  }

  /// The same page would be sent again and again.
  @Test func aPageOfEventsWithoutItsEndIsAnError() async throws {
    try await withForgetfulGateway { client, store in
      try await store.write([NewEvent(aggregatorType: "t", aggregatorID: "i", name: "n")])
      try expectProblem(try await client.send("GET", "/events/stream"), 500, "internal")
    }
  }
}
