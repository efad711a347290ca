import Evento
import EventoHTTP
import Testing

/// What a follower makes of a stream, and how it goes on behind one that has ended.
@Suite(.timeLimit(.minutes(1))) struct StreamTests {
  /// A server that gives each connection its own piece of the log, beginning where the follower says.
  private func server(
    _ starts: Shared<[Int?]>, _ script: @escaping @Sendable (Peer, Int) -> Void
  ) throws -> ScriptedServer {
    try ScriptedServer { peer in
      guard let request = peer.readRequest() else { return }
      let start = FakeLog.start(of: request)
      starts.change { $0.append(start) }
      peer.write(Peer.streamHead)
      script(peer, start ?? 0)
    }
  }

  @Test(arguments: [false, true]) func asksForNDJSONAndForCompressionIfConfigured(_ compresses: Bool) async throws {
    let seen = Shared<Request?>(nil)
    let server = try ScriptedServer { peer in
      guard let request = peer.readRequest() else { return }
      seen.change { $0 = request }
      peer.write(Peer.streamHead)
      peer.writeChunk(FakeLog.lines(1...1))
      peer.waitForEnd()
    }
    try await withServer(
      server,
      testConfiguration { configuration in
        configuration.token = "secret"
        configuration.acceptsCompression = compresses
      }
    ) { executor in
      let events = executor.events(
        matching: [ReadAggregator("t", id: "é")], routingKey: .value("k"), after: .beginning)
      let seen = try await events.versions(1)
      #expect(seen == [1])
    }
    let request = try #require(seen.value)
    #expect(request.method == "POST" && request.target == "/events/stream")
    #expect(request.headers["accept"]?.hasPrefix("application/x-ndjson") == true)
    #expect(request.headers["accept-encoding"] == (compresses ? "gzip" : nil))
    #expect(request.headers["authorization"] == "Bearer secret")
    #expect(request.text.contains(#""aggregator_id":"é""#) && request.text.contains(#""routing_key":"k""#))
  }

  @Test(arguments: [1, 2, 3, 7, 64, 1000]) func linesMayComeInPiecesOfAnySize(_ size: Int) async throws {
    let starts = Shared<[Int?]>([])
    let server = try server(starts) { peer, _ in
      let bytes = FakeLog.heartbeat(0) + FakeLog.lines(1...4) + FakeLog.heartbeat(4) + FakeLog.lines(5...6)
      for begin in stride(from: 0, to: bytes.count, by: size) {
        peer.writeChunk(Array(bytes[begin..<min(begin + size, bytes.count)]))
      }
      peer.waitForEnd()
    }
    try await withServer(server) { executor in
      let seen = try await executor.follow().versions(6)
      #expect(seen == Array(1...6))
    }
    #expect(starts.value == [0])
  }

  @Test func goesOnBehindTheLastWholeLineOfAConnectionThatBroke() async throws {
    let starts = Shared<[Int?]>([])
    let server = try server(starts) { peer, start in
      // Two events, and a part of the third.
      let next = FakeLog.lines(start + 3...start + 3)
      peer.writeChunk(FakeLog.lines(start + 1...start + 2) + next.prefix(next.count * (start + 1) / 20))
      if start % 4 == 0 { peer.resetOnClose() }
    }
    try await withServer(server) { executor in
      let seen = try await executor.follow().versions(15)
      #expect(seen == Array(1...15))
    }
    #expect(starts.value.prefix(7) == [0, 2, 4, 6, 8, 10, 12])
  }

  @Test func goesOnAtOnceBehindAStreamThatEndedAsItShould() async throws {
    let starts = Shared<[Int?]>([])
    let server = try server(starts) { peer, start in
      peer.writeChunk(FakeLog.lines(start + 1...start + 1))
      peer.writeLastChunk()
    }
    // A pause between any two of them would be longer than this test may take.
    let patient = testConfiguration {
      $0.retry.backoff.initialDelay = .seconds(3600)
      $0.retry.backoff.maximumDelay = .seconds(3600)
    }
    try await withServer(server, patient) { executor in
      let seen = try await executor.follow().versions(50)
      #expect(seen == Array(1...50))
    }
  }

  @Test func aHeartbeatIsAPositionToContinueFrom() async throws {
    let starts = Shared<[Int?]>([])
    let server = try server(starts) { peer, start in
      peer.writeChunk(start < 40 ? FakeLog.heartbeat(start + 10) : FakeLog.lines(start + 1...start + 1))
    }
    try await withServer(server) { executor in
      let seen = try await executor.follow().versions(1)
      #expect(seen == [41])
    }
    #expect(starts.value.prefix(5) == [0, 10, 20, 30, 40])
  }

  @Test func passesOverLinesOfANewerGateway() async throws {
    let server = try server(Shared([])) { peer, _ in
      peer.writeChunk(Array(#"{"type":"notice","text":"x"}"#.utf8) + [0x0A] + FakeLog.lines(1...1))
      peer.waitForEnd()
    }
    try await withServer(server) { executor in
      let seen = try await executor.follow().versions(1)
      #expect(seen == [1])
    }
  }

  @Test func aLineThatIsNotOfTheAPIEndsItBehindTheLastEvent() async throws {
    let starts = Shared<[Int?]>([])
    let server = try server(starts) { peer, start in
      peer.writeChunk((start == 0 ? FakeLog.lines(1...2) : []) + Array("<html>\n".utf8))
      peer.waitForEnd()
    }
    try await withServer(server) { executor in
      var seen: [Int] = []
      let error = await failure { () throws in
        for try await edge in executor.follow() { seen.append(edge.node.version) }
      }
      #expect(seen == [1, 2])
      #expect(error?.code == .unavailable && error?.detail.contains("<html>") == true)
    }
    #expect(starts.value == [0, 2])
  }

  @Test func aLineWithoutEndTakesNoMemory() async throws {
    let server = try server(Shared([])) { peer, _ in
      while peer.writeChunk(Array(repeating: UInt8(ascii: "x"), count: 65536)) {}
    }
    try await withServer(server, testConfiguration { $0.responseBytes = 1 << 20 }) { executor in
      let error = await failure { () throws in _ = try await executor.follow().versions(1) }
      #expect(error?.code == .unavailable && error?.detail.contains("responseBytes") == true)
    }
  }

  @Test func anEventAsLargeAsTheLimitIsTaken() async throws {
    let server = try server(Shared([])) { peer, start in
      peer.writeChunk(FakeLog.lines(start + 1...start + 3, bytes: (1 << 20) - 1000))
      peer.waitForEnd()
    }
    try await withServer(server, testConfiguration { $0.responseBytes = 1 << 20 }) { executor in
      let seen = try await executor.follow().versions(3)
      #expect(seen == [1, 2, 3])
    }
  }
}
