import Synchronization
import Testing

@testable import HTTPServer

/// What becomes of requests whose client sends no more, or is gone.
@Suite(.timeLimit(.minutes(2))) struct HalfCloseTests {
  /// A way of waiting for sockets, and a kind of them.
  struct Way: Sendable, CustomTestStringConvertible {
    let poller: PollerKind
    let isUnix: Bool

    var testDescription: String { "\(poller), \(isUnix ? "Unix" : "TCP")" }

    static let all = [PollerKind.best, .poll].flatMap {
      [Way(poller: $0, isUnix: false), Way(poller: $0, isUnix: true)]
    }
  }

  /// What a handler has seen of its requests.
  private final class Log: Sendable {
    private let begun = Atomic(0)
    private let come = Atomic(0)
    /// Lets go of the requests that do not care.
    let goesOn = Signal()

    var requestsBegun: Int { begun.load(ordering: .sequentiallyConsistent) }
    var endsCome: Int { come.load(ordering: .sequentiallyConsistent) }

    var handler: TestHandler {
      TestHandler(routes: [
        "/": { _ in .respond(.response(.text("hello"))) },
        "/held": { [self] _ in
          .respond(
            .task { [self] halfClose in
              let signal = Signal()
              let isEarly = Mutex(false)
              halfClose.onSet {
                isEarly.withLock { $0 = true }
                signal.fire()
              }
              begun.add(1, ordering: .sequentiallyConsistent)
              _ = await withTaskCancellationHandler {
                await signal.wait()
              } onCancel: {
                signal.fire()
              }
              come.add(1, ordering: .sequentiallyConsistent)
              return .text(isEarly.withLock { $0 } ? "early" : "?")
            })
        },
        "/work": { [self] _ in
          .readBody(limit: 100) { [self] body in
            .task { [self] _ in
              begun.add(1, ordering: .sequentiallyConsistent)
              await goesOn.wait()
              return .text(Task.isCancelled ? "cancelled" : "done with \(body.count)", 201)
            }
          }
        },
      ])
    }
  }

  private func withServer(
    _ way: Way, _ body: (HTTPServer, BoundAddress, Log) async throws -> Void
  ) async throws {
    var configuration = ServerConfiguration.patient
    configuration.poller = way.poller
    let log = Log()
    let endpoint =
      way.isUnix
      ? Endpoint.unix(path: "/tmp/http-server-\(UInt64.random(in: 0 ... .max)).sock") : .tcp(host: "127.0.0.1", port: 0)
    try await HTTPServerTests.withServer(log.handler, on: endpoint, configuration: configuration) { server, address in
      try await body(server, address, log)
    }
  }

  private static let held = "GET /held HTTP/1.1\r\nHost: a\r\n\r\n"

  @Test(arguments: Way.all) func respondsToAHalfClosedClientEarly(_ way: Way) async throws {
    try await withServer(way) { _, address, log in
      let later = try RawClient(address)
      try await later.send(Self.held)
      try await eventually { log.requestsBegun == 1 }
      later.finishSending()
      #expect(try await later.response().text == "early")
      #expect(try await later.remainder() == [])
      // Before it is read, maybe.
      let atOnce = try RawClient(address)
      try await atOnce.send(Self.held + Self.held)
      atOnce.finishSending()
      for _ in 0..<2 { #expect(try await atOnce.response().text == "early") }
      #expect(try await atOnce.remainder() == [])
    }
  }

  /// By an end, or by breaking off, which cancels the task.
  @Test(arguments: Way.all, [true, false]) func letsGoOfAClientThatIsGone(_ way: Way, byReset: Bool) async throws {
    try await withServer(way) { server, address, log in
      for count in 1...3 {
        let client = try RawClient(address)
        try await client.send(Self.held)
        try await eventually { log.requestsBegun == count }
        if byReset { client.reset() } else { client.close() }
        try await eventually { server.statistics.openConnections == 0 }
      }
      try await eventually { log.endsCome == 3 }
    }
  }

  /// Bytes behind a request are no end, and an end behind them is one.
  @Test(arguments: Way.all) func tellsAnEndFromWhatIsPipelined(_ way: Way) async throws {
    try await withServer(way) { _, address, log in
      let client = try RawClient(address)
      try await client.send(Self.held + "GET / HT")
      try await eventually { log.requestsBegun == 1 }
      try await client.send("TP/1.1\r\nHost: a\r\n\r\n" + Self.held)
      // By then the loop has looked at all that came before.
      let other = try RawClient(address)
      for _ in 0..<3 {
        try await other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await other.response().text == "hello")
      }
      #expect(log.endsCome == 0)
      client.finishSending()
      for text in ["early", "hello", "early"] { #expect(try await client.response().text == text) }
      #expect(try await client.remainder() == [])
    }
  }

  /// Work that does not wait for events is done, and its response sent.
  @Test(arguments: Way.all) func finishesWorkForAHalfClosedClient(_ way: Way) async throws {
    try await withServer(way) { _, address, log in
      let client = try RawClient(address)
      try await client.send("POST /work HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
      client.finishSending()
      try await eventually { log.requestsBegun == 1 }
      let other = try RawClient(address)
      for _ in 0..<3 {
        try await other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await other.response().text == "hello")
      }
      log.goesOn.fire()
      let response = try await client.response()
      #expect(response.status == 201 && response.text == "done with 3")
      #expect(try await client.remainder() == [])
    }
  }
}
