import Evento
import EventoHTTP
import EventoWire
import Foundation
import Synchronization
import Testing

/// How connections are made, shared and used again.
@Suite struct ConnectionTests {
  private static let list = httpResponse("200 OK", "application/json", [], noSubscribers)

  @Test func oneConnectionServesCallAfterCall() async throws {
    let server = try ScriptedServer { _ in Self.list }
    try await withServer(server) { executor in
      for _ in 0..<200 { _ = try await executor.subscribers() }
      #expect(server.accepted == 1)
    }
  }

  @Test func callsOfEveryKindShareAConnection() async throws {
    let gateway = FakeGateway()
    let server = try ScriptedServer { request in
      switch request.method {
      case "POST": gateway.writeResponse(request)
      case "DELETE": httpResponse("204 No Content")
      case "PUT": problem(404, "subscriber_not_found")
      default: Self.list
      }
    }
    try await withServer(server) { executor in
      for _ in 0..<10 {
        try await executor.write([.sample(), .sample()])
        try await executor.deleteSubscriber("s")
        _ = try await executor.subscribers()
        let error = await failure { () throws in _ = try await executor.acknowledge("s", cursor: nil) }
        #expect(error?.code == .subscriberNotFound)
      }
      #expect(server.accepted == 1 && gateway.ids.count == 20)
    }
  }

  @Test(arguments: [1, 3, 16]) func manyTasksShareNoMoreConnectionsThanAllowed(_ connections: Int) async throws {
    let gateway = FakeGateway()
    let server = try ScriptedServer(respondingWith: gateway.writeResponse)
    try await withServer(server, testConfiguration { $0.connections = connections }) { executor in
      let ids = try await withThrowingTaskGroup(of: [ULID].self) { group in
        for task in 0..<200 {
          group.addTask {
            let result = try await executor.write([.sample("a-\(task)")])
            return result.events.map(\.id)
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(Set(ids) == Set(gateway.ids) && ids.count == 200)
      #expect(server.mostAtOnce <= connections && server.accepted <= connections)
    }
  }

  @Test func aConnectionThatTheServerClosedWhileIdleIsReplaced() async throws {
    let closed = Mutex(0)
    let server = try ScriptedServer { peer in
      guard peer.readRequest() != nil else { return }
      peer.write(Self.list)
      closed.withLock { $0 += 1 }
    }
    try await withServer(server, testConfiguration { $0.retry = .never }) { executor in
      for number in 1...50 {
        _ = try await executor.subscribers()
        #expect(server.accepted == number)
        // Until the server has ended it: from then on the connection is one of no use.
        while server.open > 0 { await Task.yield() }
      }
    }
    #expect(closed.withLock { $0 } == 50)
  }

  @Test func aResponseThatClosesTheConnectionIsTaken() async throws {
    let server = try ScriptedServer { peer in
      guard peer.readRequest() != nil else { return }
      peer.write(httpResponse("200 OK", "application/json", ["Connection: close"], noSubscribers))
    }
    try await withServer(server, testConfiguration { $0.retry = .never }) { executor in
      for _ in 0..<20 { _ = try await executor.subscribers() }
      #expect(server.accepted == 20)
    }
  }

  @Test func moreThanTheResponseDoesNotReachTheNextCall() async throws {
    let server = try ScriptedServer { peer in
      while peer.readRequest() != nil {
        // Two responses to one request: the second must never be taken for that to another.
        let other = httpResponse("200 OK", "application/json", [], #"{"subscribers":[{}]}"#)
        guard peer.write(Self.list + other) else { break }
      }
    }
    try await withServer(server) { executor in
      for _ in 0..<20 { _ = try await executor.subscribers() }
    }
  }

  @Test func aUnixSocketServesWhateverTheHost() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("evento-\(ULID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let gateway = FakeGateway()
    let hosts = Mutex<[String?]>([])
    let server = try ScriptedServer(unixSocket: folder + "/socket") { peer in
      while let request = peer.readRequest() {
        hosts.withLock { $0.append(request.headers["host"]) }
        peer.write(gateway.writeResponse(request))
      }
    }
    let configuration = testConfiguration { configuration in
      configuration.unixSocketPath = folder + "/socket"
      configuration.proxy = .url("http://127.0.0.1:1")
    }
    try await withServer(server, configuration) { executor in
      for _ in 0..<3 { try await executor.write([.sample()]) }
    }
    #expect(gateway.ids.count == 3 && server.accepted == 1)
    #expect(hosts.withLock { $0 } == Array(repeating: "gateway.invalid", count: 3))
  }

  @Test func aProxyIsAskedForWhatStandsBehindIt() async throws {
    let seen = Mutex<[Request]>([])
    let proxy = try ScriptedServer { request in
      seen.withLock { $0.append(request) }
      return Self.list
    }
    defer { proxy.stop() }
    let configuration = testConfiguration { $0.proxy = .url(proxy.baseURL) }
    let executor = try HTTPExecutor(baseURL: "http://gateway.invalid/evento", configuration: configuration)
    _ = try await executor.subscribers()
    await executor.close()
    #expect(seen.withLock { $0.first?.target } == "http://gateway.invalid/evento/subscribers?first=1000")
  }

  @Test func aServerThatSpeaksNoTLSIsUnavailable() async throws {
    let server = try ScriptedServer { peer in
      peer.readBytes(1)
      peer.write(Self.list)
    }
    defer { server.stop() }
    let baseURL = server.baseURL.replacing("http://", with: "https://")
    let executor = try HTTPExecutor(baseURL: baseURL, configuration: testConfiguration { $0.retry.attempts = 2 })
    let error = await failure { () throws in _ = try await executor.subscribers() }
    #expect(error?.code == .unavailable)
    await executor.close()
  }

  @Test func aMissingFileOfCertificatesIsReportedAtOnce() async throws {
    let server = try ScriptedServer { _ in Self.list }
    defer { server.stop() }
    let baseURL = server.baseURL.replacing("http://", with: "https://")
    let executor = try HTTPExecutor(
      baseURL: baseURL, configuration: testConfiguration { $0.tls.caFile = "/nowhere/ca.pem" })
    let error = await failure { () throws in _ = try await executor.subscribers() }
    #expect(error?.code == .unavailable && error?.detail.contains("configuration") == true)
    #expect(server.accepted <= 1)
    await executor.close()
  }

  @Test func nothingIsLeftOfAnExecutorThatIsLetGoOf() async throws {
    let server = try ScriptedServer { _ in Self.list }
    defer { server.stop() }
    for _ in 0..<20 {
      let executor = try HTTPExecutor(baseURL: server.baseURL, configuration: testConfiguration())
      _ = try await executor.subscribers()
    }
    // Its thread closes the connections a moment later, which the server sees.
    while server.open > 0 { await Task.yield() }
    #expect(server.accepted == 20)
  }
}
