import Synchronization
import Testing

@testable import HTTPServer

/// What streams hold for clients that do not read.
@Suite(.timeLimit(.minutes(2))) struct StreamMemoryTests {
  /// More than a Unix socket takes, which is some hundred thousand bytes.
  private static let size = 2_000_000
  private static let pollers = [PollerKind.best, .poll]

  private final class Counter: Sendable {
    private let value = Atomic(0)
    var count: Int { value.load(ordering: .sequentiallyConsistent) }
    func increase() { value.add(1, ordering: .sequentiallyConsistent) }
  }

  /// A handler whose streams are of arrays that are larger than what the kernel takes.
  private func handler(pieces: Int, begun: Counter, written: Counter) -> TestHandler {
    TestHandler(routes: [
      "/": { _ in
        .respond(
          .response(
            Response(
              body: .stream { writer in
                begun.increase()
                for _ in 0..<pieces {
                  try await writer.write([UInt8](repeating: 65, count: Self.size))
                  written.increase()
                }
              })))
      }
    ])
  }

  private static func socket() -> Endpoint {
    .unix(path: "/tmp/http-server-\(UInt64.random(in: 0 ... .max)).sock")
  }

  private func configuration(_ poller: PollerKind) -> ServerConfiguration {
    var configuration = ServerConfiguration.patient
    configuration.poller = poller
    return configuration
  }

  /// Output that waits for a stream's client counts like any other response, wherever it waits.
  @Test(arguments: pollers) func countsStreamsAmongAllThatWaits(_ poller: PollerKind) async throws {
    var configuration = configuration(poller)
    configuration.totalResponseBytes = 2 * Self.size
    let begun = Counter()
    let handler = handler(pieces: 1, begun: begun, written: Counter())
    try await withServer(handler, on: Self.socket(), configuration: configuration) { server, address in
      var clients: [RawClient] = []
      for count in 1...4 {
        clients.append(try RawClient(address))
        try await clients[count - 1].send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try await eventually { begun.count == count }
      }
      try await eventually { server.statistics.evictions >= 1 }
      var whole = 0
      for client in clients {
        if let response = try? await client.response() {
          #expect(response.body.count == Self.size)
          whole += 1
        }
      }
      #expect((1...3).contains(whole))
    }
  }

  /// The next array is not asked for before the last one has gone.
  @Test(arguments: pollers) func holdsOneArrayForAClientThatDoesNotRead(_ poller: PollerKind) async throws {
    let (begun, written) = (Counter(), Counter())
    let handler = handler(pieces: 3, begun: begun, written: written)
    try await withServer(handler, on: Self.socket(), configuration: configuration(poller)) { _, address in
      let client = try RawClient(address)
      try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      // The client's kernel has the beginning of the first array.
      _ = try await client.bytes(1000)
      let other = try RawClient(address)
      for _ in 0..<100 {
        try await other.send("GET /none HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await other.response().status == 404)
      }
      #expect(begun.count == 1 && written.count == 0)
      client.close()
    }
  }

  /// A stream that writes when there is too much is spared then, and is the slowest all the same the next time.
  @Test(arguments: pollers) func cutsOffAStreamThatWasSparedBefore(_ poller: PollerKind) async throws {
    var configuration = configuration(poller)
    configuration.totalResponseBytes = 7 * Self.size / 2
    configuration.eventLoops = 1
    // So that a stream may write on while its first piece waits.
    configuration.bufferedBytes = 16 * Self.size
    let (written, goesOn) = (Counter(), Signal())
    let piece = [UInt8](repeating: 65, count: Self.size)
    let handler = TestHandler(routes: [
      "/": { _ in .respond(.response(Response(body: .bytes(piece)))) },
      "/stream": { _ in
        .respond(
          .response(
            Response(
              body: .stream { writer in
                try await writer.write(piece)
                written.increase()
                await goesOn.wait()
                try await writer.write(piece)
              })))
      },
    ])
    try await withServer(handler, on: Self.socket(), configuration: configuration) { server, address in
      var clients: [RawClient] = []
      func ask(_ target: String) async throws {
        let count = server.statistics.requests
        let client = try RawClient(address)
        clients.append(client)
        try await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
        try await eventually { server.statistics.requests == count + 1 }
      }
      try await ask("/")
      try await ask("/stream")
      try await eventually { written.count == 1 }
      // Its head and its piece are on their way by then.
      _ = try await clients[1].bytes(1000)
      try await ask("/")
      #expect(server.statistics.evictions == 0)
      goesOn.fire()
      try await eventually { server.statistics.evictions == 1 }
      await #expect(throws: (any Error).self) { try await clients[0].response() }
      try await ask("/")
      try await eventually { server.statistics.evictions == 2 }
      await #expect(throws: (any Error).self) { try await clients[1].response() }
      for index in [2, 3] { #expect(try await clients[index].response().body.count == Self.size) }
    }
  }
}
