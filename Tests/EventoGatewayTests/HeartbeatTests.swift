import Evento
import EventoGateway
import EventoSQLite
import Foundation
import Synchronization
import TestSupport
import Testing

/// What a follower is told while nothing comes that passes its filter, and what that costs.
@Suite(.timeLimit(.minutes(2))) struct HeartbeatTests {
  private static let filter = "aggregator_type=bank/Account&aggregator_id=followed"

  /// Runs a gateway whose store counts its reads, with short heartbeats.
  private func withCountedGateway(
    heartbeat: Duration = .milliseconds(1), _ body: (HTTPClient, CountingViewer) async throws -> Void
  ) async throws {
    let store = CountingViewer(try await SQLiteExecutor.open(":memory:"))
    try await withGateway(over: store, { $0.heartbeat = heartbeat }) { try await body($0, store) }
    await store.store.close()
  }

  @Test func readNothingWhileNothingIsWritten() async throws {
    try await withCountedGateway { client, store in
      try await client.writeEvents(3)
      var streams: [OpenStream] = []
      for target in ["/events/stream", "/events/stream?\(Self.filter)", "/events/stream?after=now&routing_key=a"] {
        streams.append(try await OpenStream(client, target) { OpenStream.heartbeats($0) >= 3 })
      }
      // The first follower may make all of them look once more.
      for index in streams.indices { try await streams[index].read { OpenStream.heartbeats($0) >= 10 } }
      let before = store.reads
      for index in streams.indices {
        let known = streams[index].heartbeats
        try await streams[index].read { OpenStream.heartbeats($0) >= known + 10 }
      }
      #expect(store.reads == before)
      // They still get what comes.
      try await client.writeEvents(1, aggregate: "followed", routingKey: "a")
      for index in streams.indices {
        let count = streams[index].numbers.count
        try await streams[index].read { $0.contains("\"aggregator_id\":\"followed\"") }
        #expect(streams[index].numbers.count == count + 1)
      }
    }
  }

  /// A client that resumes from a heartbeat does not read again what others have followed.
  @Test func moveOnPastWhatDoesNotPass() async throws {
    try await withCountedGateway { client, store in
      var stream = try await OpenStream(client, "/events/stream?\(Self.filter)") { OpenStream.heartbeats($0) >= 3 }
      let before = store.reads
      for _ in 0..<3 {
        let end = try #require(try await client.writeEvents(20).last)
        try await stream.read { $0.contains(": heartbeat\nid: \(end)\n\n") }
      }
      #expect(store.reads == before)
      #expect(stream.numbers.isEmpty)
    }
  }

  @Test func aHeldReadEndsWhereTheLogDoes() async throws {
    let store = CountingViewer(try await SQLiteExecutor.open(":memory:"))
    try await withGateway(over: store, { $0.longestWait = .seconds(2) }) { client in
      try await client.writeEvents(1)
      async let held = client.send("GET", "/events?wait=60&\(Self.filter)")
      while try await !client.send("GET", "/metrics").text.contains("evento_followers 1\n") {}
      let end = try #require(try await client.writeEvents(5).last)
      let response = try await held
      #expect(response.status == 200)
      let page = try response.json
      #expect(page["edges"] == .array([]) && page["page_info"]?["has_next_page"] == false)
      #expect(page["page_info"]?["has_previous_page"] == false && page["page_info"]?["start_cursor"] == .null)
      #expect(page["page_info"]?["end_cursor"]?.string == end)
      // Before it was held, when it began to be, and perhaps once more since it is the first follower.
      #expect((2...3).contains(store.reads))
    }
    await store.store.close()
  }

  /// Follows in streams that are cut at a heartbeat and continue after it, and expects the numbers 1 to `count` in order.
  private static func expectEachEventOnce(_ client: HTTPClient, follower: Int, count: Int) async throws {
    var (cursor, seen) = (String?.none, [Int]())
    while seen.count < count {
      let after = cursor.map { "&after=\($0)" } ?? ""
      let heartbeats = 1 + (follower + seen.count) % 4
      let stream = try await OpenStream(client, "/events/stream?\(filter)\(after)") {
        OpenStream.heartbeats($0) >= heartbeats
      }
      let heartbeat = try #require(stream.heartbeat)
      seen += heartbeat.numbers
      cursor = heartbeat.cursor
    }
    #expect(seen == Array(1...count), "follower \(follower)")
  }

  /// Followers that are cut at heartbeats, again and again, and go on from there: each sees each event once and in order,
  /// though events that pass their filter come beside, before and behind others all the time.
  @Test func skipNothing() async throws {
    let (matching, others) = (80, 6)
    try await withCountedGateway { client, _ in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for follower in 0..<8 {
          group.addTask {
            try await Self.expectEachEventOnce(client, follower: follower, count: matching)
          }
        }
        group.addTask {
          for number in 1...matching {
            try await client.writeEvents(others, aggregate: "other \(number % 5)".replacing(" ", with: ""))
            let event = eventJSON(["aggregator_id": "\"followed\"", "data": "{\"n\":\(number)}"])
            #expect(try await client.send("POST", "/events", writeJSON(event)).status == 201)
          }
        }
        try await group.waitForAll()
      }
    }
  }

  /// The same, with the matching events written by another process, whose commits the gateway hears of later.
  @Test func skipNothingOfAnotherProcess() async throws {
    let matching = 40
    let folder = FileManager.default.temporaryDirectory.appending(path: "evento-\(ULID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "store.sqlite").path
    let store = try await SQLiteExecutor.open(path)
    let other = try await SQLiteExecutor.open(path)
    try await withGateway(over: store, { $0.heartbeat = .milliseconds(1) }) { client in
      try await withThrowingTaskGroup(of: Void.self) { group in
        let isDone = Atomic(false)
        for follower in 0..<4 {
          group.addTask {
            try await Self.expectEachEventOnce(client, follower: follower, count: matching)
          }
        }
        group.addTask {
          for number in 1...matching {
            try await other.write([
              NewEvent(
                aggregatorType: "bank/Account", aggregatorID: "followed", name: "Opened",
                data: Payload("{\"n\":\(number)}"))
            ])
          }
        }
        group.addTask {
          while !isDone.load(ordering: .relaxed) { try await client.writeEvents(1, aggregate: "elsewhere") }
        }
        for _ in 0..<5 { try await group.next() }
        isDone.store(true, ordering: .relaxed)
        try await group.waitForAll()
      }
    }
    await other.close()
    await store.close()
  }
}
