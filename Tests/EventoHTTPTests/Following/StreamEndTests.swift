import Evento
import EventoHTTP
import Foundation
import Testing

/// What ends a follower, and what does not.
@Suite(.timeLimit(.minutes(1))) struct StreamEndTests {
  /// A server that sends two events down the first stream, responds to the second request so, and goes on at the third.
  private func server(_ requests: Shared<Int>, respondingWith second: [UInt8]) throws -> ScriptedServer {
    try ScriptedServer { peer in
      while let request = peer.readRequest() {
        let number = requests.change { $0 += 1 }
        let start = FakeLog.start(of: request) ?? 0
        if number == 2 {
          peer.write(second)
          continue
        }
        peer.write(Peer.streamHead)
        peer.writeChunk(FakeLog.lines(start + 1...start + 2))
        if number == 1 { return }
        peer.waitForEnd()
      }
    }
  }

  @Test(arguments: [
    (400, "invalid_request"), (401, "unauthorized"), (403, "forbidden"), (404, "not_found"), (406, "not_acceptable"),
    (409, "cursor_not_in_history"), (500, "internal"), (501, "not_implemented"),
  ]) func whatWaitingDoesNotMendEndsIt(_ status: Int, _ code: String) async throws {
    let requests = Shared(0)
    try await withServer(try server(requests, respondingWith: problem(status, code))) { executor in
      var seen: [Int] = []
      let error = await failure { () throws in
        for try await edge in executor.follow() { seen.append(edge.node.version) }
      }
      #expect(seen == [1, 2])
      #expect(error?.code.rawValue == code)
    }
    #expect(requests.value == 2)
  }

  @Test(arguments: [408, 429, 502, 503, 504]) func whatMayPassIsTriedAgain(_ status: Int) async throws {
    let requests = Shared(0)
    try await withServer(try server(requests, respondingWith: problem(status, "unavailable"))) { executor in
      let seen = try await executor.follow().versions(4)
      #expect(seen == [1, 2, 3, 4])
    }
    #expect(requests.value == 3)
  }

  /// With the pause that is asked for, the suite's time would be over.
  @Test(arguments: ["86400", "Fri, 31 Dec 2100 23:59:59 GMT"])
  func aGatewayThatAsksForADayIsAskedAgainAfterTheLongestPause(_ retryAfter: String) async throws {
    let requests = Shared(0)
    let response = problem(503, "unavailable", ["Retry-After: \(retryAfter)"])
    try await withServer(try server(requests, respondingWith: response)) { executor in
      let seen = try await executor.follow().versions(4)
      #expect(seen == [1, 2, 3, 4])
    }
    #expect(requests.value == 3)
  }

  @Test(arguments: ["text/html", "application/json", "text/event-stream"])
  func aResponseThatIsNoStreamEndsIt(_ type: String) async throws {
    let requests = Shared(0)
    let page = httpResponse("200 OK", type, [], "<html>Please log in</html>\n")
    try await withServer(try server(requests, respondingWith: page)) { executor in
      let error = await failure { () throws in _ = try await executor.follow().versions(4) }
      #expect(error?.code == .unavailable && error?.detail.contains("Please log in") == true)
    }
    #expect(requests.value == 2)
  }

  @Test func aGatewayThatIsAwayIsWaitedFor() async throws {
    let requests = Shared(0)
    let server = try server(requests, respondingWith: problem(503, "unavailable"))
    let baseURL = server.baseURL
    server.stop()
    let executor = try HTTPExecutor(baseURL: baseURL, configuration: testConfiguration())
    let follower = Task { try await executor.follow().versions(1) }
    // Nobody listens there; that it goes on trying shows in that it has not ended with an error.
    try await Task.sleep(for: .milliseconds(50))
    follower.cancel()
    #expect(try await follower.value.isEmpty)
    await executor.close()
  }

  @Test func cancellingTheTaskAbortsTheTransfer() async throws {
    let server = try endlessServer()
    try await withServer(server) { executor in
      let (signs, begun) = AsyncStream.makeStream(of: Void.self)
      let follower = Task {
        var count = 0
        for try await _ in executor.follow() {
          count += 1
          begun.yield()
        }
        return count
      }
      for await _ in signs { break }
      follower.cancel()
      let seen = try await follower.value
      #expect(seen > 0)
      while server.open > 0 { await Task.yield() }
      #expect(server.accepted == 1)
    }
  }

  @Test func anIterationThatIsLetGoOfAbortsTheTransfer() async throws {
    let server = try endlessServer()
    try await withServer(server) { executor in
      for _ in 0..<10 {
        let seen = try await executor.follow().versions(3)
        #expect(seen == [1, 2, 3])
      }
      while server.open > 0 { await Task.yield() }
      #expect(server.accepted == 10)
    }
  }

  @Test func closingTheExecutorEndsItWithAnError() async throws {
    let server = try endlessServer()
    defer { server.stop() }
    let executor = try HTTPExecutor(baseURL: server.baseURL, configuration: testConfiguration())
    let events = executor.follow()
    var iterator = events.makeAsyncIterator()
    _ = try await iterator.next()
    let rest = Task {
      await failure { () throws in
        for try await _ in events {}
      }
    }
    await executor.close()
    #expect(await rest.value?.code == .unavailable)
    let late = await failure { () throws in _ = try await events.versions(1) }
    #expect(late?.code == .unavailable && late?.detail.contains("closed") == true)
  }

  /// A few events, and then silence until the client goes.
  private func endlessServer() throws -> ScriptedServer {
    try ScriptedServer { peer in
      guard peer.readRequest() != nil else { return }
      peer.write(Peer.streamHead)
      peer.writeChunk(FakeLog.lines(1...3))
      peer.waitForEnd()
    }
  }
}
