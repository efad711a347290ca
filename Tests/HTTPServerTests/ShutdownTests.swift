import Testing

@testable import HTTPServer

@Suite struct ShutdownTests {
  private func start(_ handler: TestHandler, poller: PollerKind = .best) throws -> (HTTPServer, BoundAddress) {
    var configuration = ServerConfiguration.patient
    configuration.poller = poller
    let server = try HTTPServer.start(
      on: [.tcp(host: "127.0.0.1", port: 0)], configuration: configuration, handler: handler)
    return (server, server.addresses[0])
  }

  @Test(arguments: [PollerKind.best, .poll]) func closesWhatIsIdle(_ poller: PollerKind) async throws {
    let (server, address) = try start(.standard, poller: poller)
    let (fresh, used) = (try RawClient(address), try RawClient(address))
    try await used.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try await used.response().status == 200)
    await server.shutDown(grace: .seconds(600))
    #expect(try await used.remainder() == [])
    #expect(try await fresh.remainder() == [])
    #expect(throws: RawClient.Failure.self) { try RawClient(address) }
    #expect(server.statistics.openConnections == 0)
    // Again, it is over at once.
    await server.shutDown(grace: .seconds(600))
  }

  @Test func finishesWhatIsInFlight() async throws {
    let (begun, goesOn) = (Signal(), Signal())
    let (server, address) = try start(
      TestHandler(routes: [
        "/": { _ in
          .respond(
            .task { _ in
              begun.fire()
              await goesOn.wait()
              return .text("done")
            })
        },
        "/body": { _ in .readBody(limit: 10) { body in .response(Response(body: .bytes(body))) } },
      ]))
    let (client, uploading) = (try RawClient(address), try RawClient(address))
    try await uploading.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    #expect(try await uploading.response().status == 100)
    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await begun.wait()
    async let stopped: Void = server.shutDown(grace: .seconds(600))
    // No connection is taken any more once it has begun.
    try await eventually { (try? RawClient(address)) == nil }
    goesOn.fire()
    try await uploading.send("abc")
    for (client, text) in [(client, "done"), (uploading, "abc")] {
      let response = try await client.response()
      #expect(response.text == text)
      #expect(response.headers["Connection"] == "close")
      #expect(try await client.remainder() == [])
      client.close()
    }
    await stopped
  }

  /// A stream goes on, and its body ends as a whole one.
  @Test(arguments: [PollerKind.best, .poll]) func finishesStreams(_ poller: PollerKind) async throws {
    let goesOn = Signal()
    let (server, address) = try start(
      TestHandler(routes: [
        "/": { _ in
          .respond(
            .response(
              Response(
                body: .stream { writer in
                  try await writer.write(Array("a".utf8))
                  await goesOn.wait()
                  try await writer.write(Array("b".utf8))
                })))
        }
      ]), poller: poller)
    let client = try RawClient(address)
    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    async let response = client.response()
    try await eventually { server.statistics.requests > 0 }
    async let stopped: Void = server.shutDown(grace: .seconds(600))
    try await eventually { (try? RawClient(address)) == nil }
    goesOn.fire()
    #expect(try await response.text == "ab")
    #expect(try await client.remainder() == [])
    client.close()
    await stopped
  }

  @Test func cancelsWhatTakesLongerThanTheGrace() async throws {
    let (begun, cancelled) = (Signal(), Signal())
    let (server, address) = try start(
      TestHandler(routes: [
        "/": { _ in
          .respond(
            .task { _ in
              begun.fire()
              await withTaskCancellationHandler {
                _ = await cancelled.wait()
              } onCancel: {
                cancelled.fire()
              }
              return .text("too late")
            })
        },
        "/stream": { _ in
          .respond(
            .response(
              Response(
                body: .stream { writer in while true { try await writer.write([65]) } })))
        },
      ]))
    let (client, streaming) = (try RawClient(address), try RawClient(address))
    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    try await streaming.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
    await begun.wait()
    await server.shutDown(grace: .zero)
    await cancelled.wait()
    #expect(try await client.remainder() == [])
    #expect(server.statistics.openConnections == 0)
  }
}
