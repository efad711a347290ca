import Evento
import EventoGateway
import EventoHTTP
import EventoSQLite
import Foundation
import Testing

/// What flows, when it flows, and over how many connections.
@Suite(.timeLimit(.minutes(2)), .serialized) struct StreamFlowTests {
  @Test func aSlowReaderHoldsABoundedAmountAndMissesNothing() async throws {
    let total = 400
    let written = Shared(0)
    let server = try ScriptedServer { peer in
      guard let request = peer.readRequest(), let start = FakeLog.start(of: request) else { return }
      peer.write(Peer.streamHead)
      for number in start + 1...total {
        // 64 KiB each: all of them are more than the buffers of the kernel and of the executor hold together.
        guard peer.writeChunk(FakeLog.lines(number...number, bytes: 65536)) else { return }
        written.change { $0 = max($0, number) }
      }
      peer.waitForEnd()
    }
    try await withServer(server) { executor in
      var events = executor.follow().makeAsyncIterator()
      let seen = try await events.next()?.node.version
      #expect(seen == 1)
      // Until the server gets rid of nothing more.
      var before = -1
      while written.value != before {
        before = written.value
        try await Task.sleep(for: .milliseconds(300))
      }
      #expect(before < total * 3 / 4, "it takes what nobody reads")
      for version in 2...total { #expect(try await events.next()?.node.version == version) }
      #expect(server.accepted == 1)
    }
  }

  @Test func aConnectionThatFallsSilentIsReplaced() async throws {
    let starts = Shared<[Int?]>([])
    let server = try ScriptedServer { peer in
      guard let request = peer.readRequest() else { return }
      let start = FakeLog.start(of: request)
      starts.change { $0.append(start) }
      // The first falls silent within a line, the second before its head, the third between lines.
      let count = starts.value.count
      if count != 2 { peer.write(Peer.streamHead) }
      if count != 2, let start {
        peer.writeChunk(FakeLog.lines(start + 1...start + 2) + (count == 1 ? Array(#"{"type":"ev"#.utf8) : []))
      }
      peer.waitForEnd()
    }
    try await withServer(server, testConfiguration { $0.stallTimeout = .seconds(1) }) { executor in
      let begin = ContinuousClock.now
      let seen = try await executor.follow().versions(6)
      #expect(seen == Array(1...6))
      // Three silences, each noticed no sooner than it may be.
      #expect(.now - begin >= .seconds(3))
    }
    #expect(starts.value == [0, 2, 2, 4])
  }

  @Test func heartbeatsKeepAConnection() async throws {
    let server = try ScriptedServer { peer in
      guard peer.readRequest() != nil else { return }
      peer.write(Peer.streamHead)
      for _ in 0..<8 {
        peer.writeChunk(FakeLog.heartbeat(0))
        peer.pause(milliseconds: 250)
      }
      peer.writeChunk(FakeLog.lines(1...1))
      peer.waitForEnd()
    }
    try await withServer(server, testConfiguration { $0.stallTimeout = .seconds(1) }) { executor in
      let seen = try await executor.follow().versions(1)
      #expect(seen == [1])
      #expect(server.accepted == 1)
    }
  }

  @Test func aReaderThatTakesItsTimeIsNoSilence() async throws {
    let server = try ScriptedServer { peer in
      guard peer.readRequest() != nil else { return }
      peer.write(Peer.streamHead)
      for number in 1...200 { guard peer.writeChunk(FakeLog.lines(number...number, bytes: 65536)) else { return } }
      peer.waitForEnd()
    }
    try await withServer(server, testConfiguration { $0.stallTimeout = .seconds(1) }) { executor in
      var events = executor.follow().makeAsyncIterator()
      _ = try await events.next()
      try await Task.sleep(for: .milliseconds(2500))
      for version in 2...200 { #expect(try await events.next()?.node.version == version) }
      #expect(server.accepted == 1)
    }
  }

  @Test func followersOverTheBoundAreRefusedAndLeaveCallsAlone() async throws {
    let server = try ScriptedServer { peer in
      while let request = peer.readRequest() {
        guard let start = FakeLog.start(of: request) else {
          peer.write(httpResponse("200 OK", "application/json", [], noSubscribers))
          continue
        }
        peer.write(Peer.streamHead)
        peer.writeChunk(FakeLog.lines(start + 1...start + 2))
        peer.waitForEnd()
      }
    }
    let configuration = testConfiguration {
      $0.followerConnections = 2
      $0.connections = 1
    }
    try await withServer(server, configuration) { executor in
      let (begun, hasBegun) = AsyncStream.makeStream(of: Void.self)
      var beginnings = begun.makeAsyncIterator()
      let follow = { @Sendable () async throws in
        for try await edge in executor.follow() where edge.node.version == 2 { hasBegun.yield() }
      }
      let followers = [Task(operation: follow), Task(operation: follow)]
      for _ in followers { await beginnings.next() }
      for _ in 0..<3 {
        let error = await failure { () throws in _ = try await executor.follow().versions(1) }
        #expect(error?.code == .unavailable && error?.isTransient == true)
        #expect(error?.detail.contains("limit 2") == true && error?.detail.contains("followerConnections") == true)
        _ = try await executor.subscribers()
      }
      // One that ends makes room for another.
      followers[0].cancel()
      try await followers[0].value
      let versions = try await executor.follow().versions(2)
      #expect(versions == [1, 2])
      followers[1].cancel()
      try await followers[1].value
    }
  }

  @Test func aHundredFollowersOfOneExecutorLeaveNothingBehind() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    try await store.write([.sample("before")])
    try await withGateway(over: store) { baseURL in
      let executor = try HTTPExecutor(baseURL: baseURL, configuration: testConfiguration())
      try await withThrowingTaskGroup(of: [Int].self) { group in
        for _ in 0..<100 { group.addTask { try await executor.follow().versions(21) } }
        while try TCPConnections.open(baseURL, .client) < 100 { try await Task.sleep(for: .milliseconds(5)) }
        for _ in 0..<20 { try await executor.write([.sample("shared")]) }
        for try await view in group { #expect(view == [1] + Array(1...20)) }
      }
      // That of the calls may stay.
      for side in [TCPConnections.Side.client, .server] {
        while try TCPConnections.open(baseURL, side) > 1 { try await Task.sleep(for: .milliseconds(5)) }
      }
      await executor.close()
    }
    await store.close()
  }
}
