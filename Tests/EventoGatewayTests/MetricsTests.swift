import Evento
import EventoGateway
import EventoSQLite
import Synchronization
import TestSupport
import Testing

/// What an operator reads in `/metrics`.
@Suite(.timeLimit(.minutes(2))) struct MetricsTests {
  @Test(arguments: Engine.available) func countsCommitsAndWhatTheyAdd(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      let before = try await client.scrape()
      #expect(before["evento_commit_duration_seconds_count"] == before["evento_commits_total"])
      let event = eventJSON(["data": "[1,2]", "metadata": #"{"k":1}"#])
      for _ in 0..<3 { #expect(try await client.send("POST", "/events", writeJSON(event)).status == 201) }
      #expect(try await client.send("POST", "/events", writeJSON(event, event, event, event)).status == 201)
      let scrape = try await client.scrape()
      #expect(scrape["evento_written_events_total"] == 7)
      #expect(scrape["evento_written_bytes_total"] == 7 * Double(#"[1,2]{"k":1}"#.utf8.count))
      #expect(scrape["evento_commits_total"] == 4)
      for name in ["evento_commit_duration_seconds", "evento_commit_writes"] {
        let buckets = scrape.buckets(name)
        #expect(buckets.count > 5 && buckets.last?.count == 4 && scrape["\(name)_count"] == 4)
        #expect(zip(buckets, buckets.dropFirst()).allSatisfy { $0.count <= $1.count }, "they are cumulative")
      }
      #expect(scrape["evento_commit_writes_sum"] == 4)
      let seconds = try #require(scrape["evento_commit_duration_seconds_sum"])
      #expect(seconds > 0 && seconds < 100)
    }
  }

  /// A refused write is no commit, or shares one; a resend adds nothing.
  @Test(arguments: Engine.available) func countsNothingTwice(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      let write = writeJSON(eventJSON(["id": "\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"", "version": "1"]))
      let first = try await client.send("POST", "/events", write)
      #expect(first.status == 201)
      #expect(try await client.send("POST", "/events", write).status == 200)
      #expect(try await client.send("POST", "/events", writeJSON(eventJSON(["version": "5"]))).status == 409)
      #expect(try await client.scrape()["evento_written_events_total"] == 1)
    }
  }

  /// Writes that wait together share a commit, and each is in one.
  @Test(arguments: Engine.available) func tellsHowManyWritesShareACommit(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<40 {
          group.addTask {
            try await client.send("POST", "/events", writeJSON(eventJSON(["aggregator_id": "\"\(number)\""]))).status
          }
        }
        for try await status in group { #expect(status == 201) }
      }
      let scrape = try await client.scrape()
      #expect(scrape["evento_commit_writes_sum"] == 40)
      #expect(try #require(scrape["evento_commit_writes_count"]) <= 40)
    }
  }

  @Test(arguments: Engine.available) func tellsHowFarSubscribersAreBehind(_ engine: Engine) async throws {
    try await withGateway(on: engine, { $0.subscriberMetrics = 3 }) { client in
      // Long ago, and now.
      let old = try await client.send("POST", "/events", writeJSON(eventJSON(["timestamp": "1000000000"])))
      var cursors = [try #require(try old.json["events"]?[0]?["cursor"]?.string)]
      cursors += try await client.writeEvents(4)
      func subscribe(_ key: String, _ cursor: String?) async throws {
        let put = try await client.send("PUT", "/subscribers/\(key)", #"{"worker_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#)
        #expect(put.status == 201)
        guard let cursor else { return }
        let acknowledged = try await client.send("PUT", "/subscribers/\(key)/cursor", "{\"cursor\":\"\(cursor)\"}")
        #expect(acknowledged.status == 200)
      }
      try await subscribe("at%20end", cursors[4])
      try await subscribe("quote%22back%5Cslash", cursors[2])
      try await subscribe("new", nil)
      try await subscribe("one", cursors[0])
      try await subscribe("disabled", nil)
      #expect(try await client.send("PATCH", "/subscribers/disabled", #"{"enabled":false}"#).status == 200)

      let scrape = try await client.scrape { $0["evento_subscribers{state=\"disabled\"}"] == 1 }
      #expect(scrape["evento_log_events"] == 5)
      #expect(scrape["evento_subscribers{state=\"enabled\"}"] == 4)
      #expect(scrape["evento_subscribers_unlisted"] == 1, "the one at the end")
      let events = scrape.text.matches(of: /\nevento_subscriber_lag_events\{subscriber="(.*)"\} ([0-9]+)/)
      #expect(events.map { "\($0.output.1) \($0.output.2)" } == ["new 5", "one 4", #"quote\"back\\slash 2"#])
      let seconds = "evento_subscriber_lag_seconds"
      #expect(try #require(scrape["\(seconds){subscriber=\"new\"}"]) > 500_000_000)
      #expect(try #require(scrape["\(seconds){subscriber=\"one\"}"]) < 1000)
    }
  }

  @Test(arguments: Engine.available) func aSubscriberAtTheEndIsNotBehind(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      let cursors = try await client.writeEvents(2)
      _ = try await client.send("PUT", "/subscribers/a", #"{"worker_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#)
      _ = try await client.send("PUT", "/subscribers/a/cursor", "{\"cursor\":\"\(cursors[1])\"}")
      let scrape = try await client.scrape { $0["evento_subscriber_lag_events{subscriber=\"a\"}"] == 0 }
      #expect(scrape["evento_subscriber_lag_seconds{subscriber=\"a\"}"] == 0)
      #expect(scrape["evento_subscribers_unlisted"] == 0)
    }
  }

  @Test func listsNoSubscribersIfToldSo() async throws {
    try await withGateway({ $0.subscriberMetrics = 0 }) { client in
      _ = try await client.send("PUT", "/subscribers/a", #"{"worker_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#)
      let scrape = try await client.scrape { $0["evento_subscribers{state=\"enabled\"}"] == 1 }
      #expect(scrape["evento_subscribers_unlisted"] == 1)
      #expect(!scrape.text.contains("subscriber=\""))
    }
  }

  @Test(arguments: Engine.available) func isReadyUntilTheStoreFails(_ engine: Engine) async throws {
    try await engine.withStore { store in
      try await withGateway(over: store) { client in
        #expect(try await client.scrape()["evento_ready"] == 1)
        await (store as? SQLiteExecutor)?.close()
        guard store is SQLiteExecutor else { return }
        // The rest is there all the same.
        let scrape = try await client.scrape { $0["evento_log_events"] == nil }
        #expect(scrape["evento_commits_total"] == 0 && scrape["evento_connections_open"] != nil)
        #expect(try await client.send("POST", "/events", writeJSON(eventJSON())).status == 503)
      }
    }
  }

  @Test func saysThatItIsNotReady() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    let failing = FailingStore(store)
    try await withGateway(over: failing) { client in
      let scrape = try await client.scrape()
      #expect(scrape["evento_ready"] == 0 && scrape["evento_log_events"] == nil)
    }
    await store.close()
  }

  /// The other metrics are needed most when the store hangs.
  @Test func respondsWhileTheStoreDoesNot() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    let hanging = HangingStore(store)
    try await withGateway(over: hanging) { client in
      for _ in 0..<3 {
        let scrape = try await client.scrape()
        #expect(scrape["evento_ready"] == 0 && scrape["evento_log_events"] == nil)
        #expect(scrape["evento_build_info{version=\"unknown\"}"] == 1)
      }
      #expect(hanging.calls.load(ordering: .relaxed) == 2, "it is asked once for each of two values")
      hanging.finish()
      let scrape = try await client.scrape { $0["evento_ready"] == 1 }
      #expect(scrape["evento_log_events"] == 12)
      // However long it took to respond, its next state counts within seconds.
      let recovered = ContinuousClock.now
      try await client.scrape { $0["evento_ready"] == 0 }
      #expect(.now - recovered < .seconds(5))
    }
    await store.close()
  }

  /// The readiness of an idle store is not found by a write.
  @Test func aScrapeWritesNothing() async throws {
    try await withGateway { client in
      for _ in 0..<5 {
        #expect(try await client.scrape()["evento_ready"] == 1)
        try await Task.sleep(for: .milliseconds(300))
      }
      #expect(try await client.scrape()["evento_commits_total"] == 0)
    }
  }

  @Test func countsTheBytesOfConnections() async throws {
    try await withGateway { client in
      let before = try await client.scrape()
      let connection = try RawConnection(port: client.port)
      let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "x", count: 5000))\r\n\r\n"
      try await connection.send(request + request)
      var responses = HTTPResponseReader(connection)
      for _ in 0..<2 { #expect(try await responses.next().status == 200) }
      let after = try await client.scrape()
      func grown(_ name: String) throws -> Double { try #require(after[name]) - #require(before[name]) }
      let received = try grown("evento_received_bytes_total")
      #expect(received > 10_000 && received < 12_000)
      // That of the first scrape is in it.
      #expect(try grown("evento_sent_bytes_total") > Double(before.text.utf8.count))
    }
  }

  @Test func tellsHowLongAStreamHasBeenBehind() async throws {
    try await withGateway({ $0.heartbeat = .milliseconds(100) }) { client in
      var stream = try await OpenStream(client, "/events/stream") { $0.contains("heartbeat") }
      try await client.scrape { $0["evento_followers"] == 1 && $0["evento_follower_lag_seconds"] == 0 }
      let data = "\"" + String(repeating: "x", count: 1 << 20) + "\""
      // More than the sockets hold: the client reads nothing more.
      for _ in 0..<16 {
        let write = writeJSON(eventJSON(["data": data]))
        #expect(try await client.send("POST", "/events", write).status == 201)
      }
      let scrape = try await client.scrape { $0["evento_followers_behind"] == 1 }
      #expect(try #require(scrape["evento_follower_lag_seconds"]) > 1)
      try await stream.read { $0.count > 16 << 20 && $0.hasSuffix("\n\n") }
      try await client.scrape { $0["evento_followers_behind"] == 0 && $0["evento_follower_lag_seconds"] == 0 }
    }
  }

  #if os(Linux)
    @Test func describesTheProcess() async throws {
      try await withGateway { client in
        let scrape = try await client.scrape()
        let open = try #require(scrape["process_open_fds"])
        let limit = try #require(scrape["process_max_fds"])
        #expect(open > 5 && open < limit)
        let resident = try #require(scrape["process_resident_memory_bytes"])
        let virtual = try #require(scrape["process_virtual_memory_bytes"])
        #expect(resident > 1_000_000 && resident < virtual)
        #expect(try #require(scrape["process_cpu_seconds_total"]) > 0)
        let start = try #require(scrape["process_start_time_seconds"])
        let now = Double(Timestamp.now().milliseconds) / 1000
        #expect(start < now && start > now - 86_400)
        var connections: [RawConnection] = []
        for _ in 0..<50 { connections.append(try RawConnection(port: client.port)) }
        // Both ends are in this process.
        try await client.scrape { $0["process_open_fds"].map { $0 >= open + 100 } ?? false }
        withExtendedLifetime(connections) {}
      }
    }
  #endif
}

private final class FailingStore: CallbackWrapper {
  let store: SQLiteExecutor

  init(_ store: SQLiteExecutor) {
    self.store = store
  }

  func checkReadinessWithoutWriting(completion: @escaping @Sendable (EventoError?) -> Void) {
    checkReadiness(completion: completion)
  }

  func checkReadiness(completion: @escaping @Sendable (EventoError?) -> Void) {
    completion(EventoError(.unavailable, "No disk."))
  }

  func readFigures(slowest: Int, completion: @escaping @Sendable (Result<StoreFigures?, EventoError>) -> Void) {
    completion(.failure(EventoError(.unavailable, "No disk.")))
  }
}

/// Reads its figures when the test says so.
private final class HangingStore: CallbackWrapper {
  let store: SQLiteExecutor
  let calls = Atomic(0)
  private let waiting = Mutex<[@Sendable () -> Void]>([])

  init(_ store: SQLiteExecutor) {
    self.store = store
  }

  func readFigures(slowest: Int, completion: @escaping @Sendable (Result<StoreFigures?, EventoError>) -> Void) {
    wait {
      completion(.success(StoreFigures(events: 12, enabledSubscribers: 0, disabledSubscribers: 0, slowest: [])))
    }
  }

  func checkReadinessWithoutWriting(completion: @escaping @Sendable (EventoError?) -> Void) {
    wait { completion(nil) }
  }

  private func wait(_ end: @escaping @Sendable () -> Void) {
    calls.add(1, ordering: .relaxed)
    waiting.withLock { $0.append(end) }
  }

  func finish() {
    for completion in waiting.withLock({ $0 }) { completion() }
  }
}
