import Evento
import EventoHTTP
import Synchronization
import Testing

/// Calls that are given up, by a deadline or by who asked.
@Suite struct DeadlineTests {
  private static let list = httpResponse("200 OK", "application/json", [], noSubscribers)

  enum Silence: CaseIterable {
    case nothing
    case halfAHead
    case halfABody
    case aByteAtATime
  }

  @Test(arguments: Silence.allCases) func aResponseThatDoesNotComeEndsWithTheDeadline(_ silence: Silence) async throws {
    let server = try ScriptedServer { peer in
      guard peer.readRequest() != nil else { return }
      switch silence {
      case .nothing: break
      case .halfAHead: peer.write(Self.list.prefix(20))
      case .halfABody: peer.write(Self.list.dropLast(3))
      case .aByteAtATime:
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        // A trickle keeps the connection busy, and must not keep the call alive.
        while peer.write(" ") { peer.pause(milliseconds: 5) }
      }
      peer.waitForEnd()
    }
    // Long enough for a busy machine to connect and send.
    try await withServer(server, testConfiguration { $0.callDeadline = .seconds(1) }) { executor in
      let error = await failure { () throws in _ = try await executor.subscribers() }
      #expect(error?.code == .unavailable && error?.isTransient == true)
      #expect(error?.detail.contains("deadline passed while it waited") == true, "\(error?.detail ?? "-")")
    }
  }

  @Test func whoWaitsForAConnectionHasADeadlineToo() async throws {
    let server = try ScriptedServer { peer in
      _ = peer.readRequest()
      peer.waitForEnd()
    }
    let configuration = testConfiguration { configuration in
      configuration.connections = 1
      configuration.callDeadline = .milliseconds(150)
    }
    try await withServer(server, configuration) { executor in
      let errors = await withTaskGroup(of: EventoError?.self) { group in
        for _ in 0..<50 {
          group.addTask { await failure { () throws in _ = try await executor.subscribers() } }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(errors.count == 50 && errors.allSatisfy { $0?.code == .unavailable })
      #expect(errors.contains { $0?.detail.contains("before its request was sent") == true })
      #expect(errors.contains { $0?.detail.contains("may or may not have been done") == true })
    }
  }

  @Test func aCallAfterOneThatTimedOutIsServed() async throws {
    let server = try ScriptedServer { peer in
      while let request = peer.readRequest() {
        if request.target.hasSuffix("/slow/cursor") { return peer.waitForEnd() }
        peer.write(Self.list)
      }
    }
    let configuration = testConfiguration { configuration in
      configuration.connections = 1
      configuration.callDeadline = .milliseconds(500)
    }
    try await withServer(server, configuration) { executor in
      for _ in 0..<3 {
        let error = await failure { () throws in _ = try await executor.acknowledge("slow", cursor: nil) }
        #expect(error?.code == .unavailable)
        // On a busy machine, the deadline may be too short for a good call as well.
        var isServed = false
        for _ in 0..<20 where !isServed {
          isServed = await failure { () throws in _ = try await executor.subscribers() } == nil
        }
        #expect(isServed)
      }
      // What came too late for one call is no response to the next: each gets a new connection.
      #expect(server.accepted >= 3)
    }
  }

  @Test func cancellingATaskAbortsItsTransfer() async throws {
    let arrived = Mutex(0)
    let ended = Mutex(0)
    let server = try ScriptedServer { peer in
      guard peer.readRequest() != nil else { return }
      arrived.withLock { $0 += 1 }
      peer.waitForEnd()
      ended.withLock { $0 += 1 }
    }
    try await withServer(server) { executor in
      for number in 1...20 {
        let task = Task { await failure { () throws in try await executor.write([.sample()]) } }
        while arrived.withLock({ $0 }) < number { await Task.yield() }
        task.cancel()
        let error = await task.value
        #expect(error?.code == .unavailable && error?.detail.contains("cancelled while") == true)
        #expect(error?.isTransient == false)
        // The server sees its connection end.
        while ended.withLock({ $0 }) < number { await Task.yield() }
      }
    }
  }

  @Test func aTaskThatIsCancelledAlreadySendsNothing() async throws {
    let server = try ScriptedServer { _ in Self.list }
    try await withServer(server) { executor in
      for _ in 0..<50 {
        let task = Task {
          withUnsafeCurrentTask { $0?.cancel() }
          return await failure { () throws in _ = try await executor.subscribers() }
        }
        #expect(await task.value?.detail.contains("cancelled before") == true)
      }
      #expect(server.accepted == 0)
    }
  }

  /// It does not wait for a connection, although all are taken, to hear that it is not wanted.
  @Test func aCancelledTaskDoesNotWait() async throws {
    let isFree = Mutex(false)
    let server = try ScriptedServer { peer in
      while peer.readRequest() != nil {
        while !isFree.withLock({ $0 }) { peer.pause(milliseconds: 1) }
        peer.write(Self.list)
      }
    }
    try await withServer(server, testConfiguration { $0.connections = 1 }) { executor in
      let first = Task { await failure { () throws in _ = try await executor.subscribers() } }
      while server.accepted < 1 { await Task.yield() }
      for _ in 0..<200 {
        let task = Task {
          withUnsafeCurrentTask { $0?.cancel() }
          return await failure { () throws in _ = try await executor.subscribers() }
        }
        #expect(await task.value?.detail.contains("cancelled before") == true)
      }
      isFree.withLock { $0 = true }
      #expect(await first.value == nil)
    }
  }

  @Test func cancellingThoseWhoWaitLeavesTheOthersAlone() async throws {
    let isFree = Mutex(false)
    let server = try ScriptedServer { peer in
      while peer.readRequest() != nil {
        while !isFree.withLock({ $0 }) { peer.pause(milliseconds: 1) }
        peer.write(Self.list)
      }
    }
    try await withServer(server, testConfiguration { $0.connections = 2 }) { executor in
      let tasks = (0..<100).map { _ in
        Task { await failure { () throws in _ = try await executor.subscribers() } }
      }
      while server.accepted < 2 { await Task.yield() }
      for (number, task) in tasks.enumerated() where number.isMultiple(of: 2) { task.cancel() }
      for (number, task) in tasks.enumerated() where number.isMultiple(of: 2) {
        #expect(await task.value?.detail.contains("cancelled") == true)
      }
      isFree.withLock { $0 = true }
      for (number, task) in tasks.enumerated() where !number.isMultiple(of: 2) {
        #expect(await task.value == nil)
      }
    }
  }

  @Test func cancellingDuringAPauseEndsIt() async throws {
    let requests = Mutex(0)
    let server = try ScriptedServer { _ in
      requests.withLock { $0 += 1 }
      return problem(503, "unavailable", ["Retry-After: 20"])
    }
    try await withServer(server) { executor in
      let task = Task { await failure { () throws in _ = try await executor.subscribers() } }
      while requests.withLock({ $0 }) < 1 { await Task.yield() }
      task.cancel()
      #expect(await task.value?.detail.contains("cancelled") == true)
    }
  }

  @Test func closingEndsWhatRunsAndRefusesWhatComes() async throws {
    let arrived = Mutex(0)
    let server = try ScriptedServer { peer in
      guard peer.readRequest() != nil else { return }
      arrived.withLock { $0 += 1 }
      peer.waitForEnd()
    }
    defer { server.stop() }
    let executor = try HTTPExecutor(
      baseURL: server.baseURL, configuration: testConfiguration { $0.connections = 4 })
    let tasks = (0..<40).map { _ in
      Task { await failure { () throws in _ = try await executor.subscribers() } }
    }
    while arrived.withLock({ $0 }) < 4 { await Task.yield() }
    await executor.close()
    for task in tasks {
      let error = await task.value
      #expect(error?.code == .unavailable && error?.detail.contains("has been closed") == true)
    }
    await executor.close()
    let error = await failure { () throws in _ = try await executor.subscribers() }
    #expect(error == EventoError(.unavailable, "The executor has been closed."))
    #expect(error?.isTransient == false)
    while server.open > 0 { await Task.yield() }
  }
}
