import Evento
import EventoSQLite
import Synchronization
import TestSupport
import Testing

/// How many reads of followers the store has at once.
@Suite(.timeLimit(.minutes(2))) struct FollowerReadTests {
  private static func body(_ other: String, wait: Bool = false) -> String {
    "{\"aggregators\":[{\"aggregator_type\":\"bank/Account\"},{\"aggregator_type\":\"\(other)\"}],\"after\":\"now\""
      + (wait ? ",\"wait\":60}" : "}")
  }

  /// One commit wakes all of them, streams and reads that wait. Whoever else reads must not come behind all of them.
  @Test func aCommitThatWakesManyBringsFewReadsAtOnce() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    let viewer = DeferredReadsStore(store)
    try await withGateway(over: viewer) { client in
      try await client.writeEvents(1)
      var streams: [OpenStream] = []
      for number in 0..<30 {
        streams.append(
          try await OpenStream(client, "/events/stream", Self.body("s\(number)")) { $0.contains("heartbeat") })
      }
      try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<30 {
          group.addTask { try await client.send("POST", "/events/query", Self.body("r\(number)", wait: true)).status }
        }
        while try await !client.send("GET", "/metrics").text.contains("evento_followers 60\n") {}
        viewer.hold { _ in true }
        let releases = Task {
          var most = 0
          while !Task.isCancelled {
            // Time for others to come, if more may.
            for _ in 0..<1000 { await Task.yield() }
            most = max(most, viewer.release())
          }
          return most
        }
        try await client.writeEvents(1)
        for try await status in group { #expect(status == 200) }
        for index in streams.indices {
          try await streams[index].read { $0.contains("\"data\":") }
          #expect(streams[index].numbers == [1])
        }
        releases.cancel()
        #expect(1...16 ~= (await releases.value))
        viewer.hold { _ in false }
        viewer.release()
      }
    }
    await store.close()
  }

  @Test func thoseAtTheEndDoNotWaitForThoseThatAreNot() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    let viewer = DeferredReadsStore(store)
    try await withGateway(over: viewer) { client in
      try await client.writeEvents(1)
      viewer.hold { $0.contains { $0.aggregatorType == "slow" } }
      try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<20 {
          group.addTask {
            let body = "{\"aggregators\":[{\"aggregator_type\":\"slow\"},{\"aggregator_type\":\"t\(number)\"}]}"
            return try await OpenStream(client, "/events/stream", body) { $0.contains("heartbeat") }.status
          }
        }
        while viewer.held == 0 { await Task.yield() }
        var stream = try await OpenStream(client, "/events/stream", Self.body("other")) { $0.contains("heartbeat") }
        try await client.writeEvents(1)
        try await stream.read { $0.contains("\"data\":") }
        #expect(stream.numbers == [1])
        viewer.hold { _ in false }
        viewer.release()
        for try await status in group { #expect(status == 200) }
      }
    }
    await store.close()
  }

  private static func stream(_ client: HTTPClient, _ types: [String]) async throws -> RawConnection {
    let filters = types.map { "{\"aggregator_type\":\"\($0)\"}" }.joined(separator: ",")
    let connection = try RawConnection(port: client.port)
    try await connection.send(
      client.message("POST", "/events/stream", Array("{\"aggregators\":[\(filters)]}".utf8), []))
    return connection
  }

  /// The payloads of a stream's first events.
  private static func numbers(_ stream: RawConnection, _ count: Int) async throws -> [Int] {
    var responses = HTTPResponseReader(stream)
    let response = try await responses.beginning { $0.matches(of: /event: event\n/).count >= count }
    #expect(response.status == 200)
    return response.text.matches(of: /"data":\{"n":([0-9]+)\}/).compactMap { Int($0.output.1) }
  }

  private static func expectMetric(
    _ line: String, _ client: HTTPClient, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let end = ContinuousClock.now + .seconds(10)
    while try await !client.send("GET", "/metrics").text.contains("\n\(line)\n") {
      guard ContinuousClock.now < end else {
        Issue.record("\(line)", sourceLocation: sourceLocation)
        return
      }
    }
  }

  /// The reads of those that have gone take no turn, and those that remain miss nothing, with the same filter or another.
  @Test func readsNothingForStreamsWhoseClientsHaveGone() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    let viewer = DeferredReadsStore(store)
    let typesRead = Mutex<Set<String>>([])
    try await withGateway(over: viewer) { client in
      try await client.writeEvents(3)
      viewer.hold { aggregators in
        typesRead.withLock { $0.formUnion(aggregators.map(\.aggregatorType)) }
        return aggregators.contains { $0.aggregatorType == "slow" }
      }
      // As many first reads as there may be at once.
      var slow: [RawConnection] = []
      for number in 0..<4 { slow.append(try await Self.stream(client, ["slow", "bank/Account", "s\(number)"])) }
      while viewer.held < 4 { await Task.yield() }
      var gone: [RawConnection] = []
      for number in 0..<20 { gone.append(try await Self.stream(client, ["gone\(number)"])) }
      for types in [["bank/Account", "shared"], ["bank/Account", "again"]] {
        gone.append(try await Self.stream(client, types))
      }
      try await Self.expectMetric("evento_followers 26", client)
      var patient = [try await Self.stream(client, ["bank/Account", "shared"])]
      try await Self.expectMetric("evento_followers 27", client)
      for connection in gone { connection.resetOnClose() }
      gone = []
      // Their permits are free before the reads that they waited for have ended.
      try await Self.expectMetric("evento_followers 5", client)
      // One whose read has begun.
      slow.removeFirst().resetOnClose()
      try await Self.expectMetric("evento_followers 4", client)
      for types in [["bank/Account", "again"], ["slow", "bank/Account", "s0"]] {
        patient.append(try await Self.stream(client, types))
      }
      try await Self.expectMetric("evento_followers 6", client)
      viewer.hold { aggregators in
        typesRead.withLock { $0.formUnion(aggregators.map(\.aggregatorType)) }
        return false
      }
      viewer.release()
      for stream in slow + patient { #expect(try await Self.numbers(stream, 3) == [1, 2, 3]) }
      // In the order in which they came: whatever waited has had its turn.
      #expect(try await Self.numbers(try await Self.stream(client, ["last"]), 0) == [])
      #expect(typesRead.withLock { $0.filter { $0.hasPrefix("gone") } } == [])
    }
    await store.close()
  }

  /// Neither their first reads nor those that follow.
  @Test(arguments: [0, 1]) func streamsWithFewFiltersDoNotWaitForThoseWithMany(_ readsBefore: Int) async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    let viewer = DeferredReadsStore(store)
    let reads = Mutex<[String: Int]>([:])
    try await withGateway(over: viewer) { client in
      try await client.writeEvents(200)
      viewer.hold { aggregators in
        guard let own = aggregators.first(where: { $0.aggregatorType.hasPrefix("many") }) else { return false }
        return reads.withLock { reads in
          reads[own.aggregatorType, default: 0] += 1
          return reads[own.aggregatorType, default: 0] > readsBefore
        }
      }
      var many: [RawConnection] = []
      for number in 0..<10 {
        let others = (0..<7).map { "t\($0)" }
        many.append(try await Self.stream(client, ["bank/Account", "many\(number)"] + others))
      }
      // As many as there may be at once.
      while viewer.held < (readsBefore == 0 ? 4 : 2) { await Task.yield() }
      #expect(try await Self.numbers(try await Self.stream(client, ["bank/Account"]), 200) == Array(1...200))
      viewer.hold { _ in false }
      viewer.release()
      for stream in many { #expect(try await Self.numbers(stream, 200) == Array(1...200)) }
    }
    await store.close()
  }

  /// A stream whose turn to read has not come ends with a complete body, as all streams do.
  @Test func streamsThatWaitForTheirTurnEndWhenTheGatewayStops() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    let viewer = DeferredReadsStore(store)
    try await withStoppableGateway(over: viewer) { client, stop in
      try await client.writeEvents(1)
      viewer.hold { $0.contains { $0.aggregatorType == "slow" } }
      var slow: [RawConnection] = []
      for number in 0..<4 { slow.append(try await Self.stream(client, ["slow", "s\(number)"])) }
      while viewer.held < 4 { await Task.yield() }
      let waiting = try await Self.stream(client, ["bank/Account"])
      try await Self.expectMetric("evento_followers 5", client)
      let stopping = Task { await stop() }
      var responses = HTTPResponseReader(waiting)
      let response = try await responses.next()
      #expect(response.status == 200)
      #expect(response.text.hasPrefix("retry: 2000\n"))
      #expect(viewer.held == 4)
      viewer.hold { _ in false }
      viewer.release()
      await stopping.value
      withExtendedLifetime(slow) {}
    }
    await store.close()
  }
}
