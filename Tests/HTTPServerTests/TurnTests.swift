import Dispatch
import Synchronization
import Testing

@testable import HTTPServer

/// No connection keeps the others from their turn.
@Suite struct TurnTests {
  static let pollers = [PollerKind.best, .poll]

  /// Notes which requests are handled, in order. Those of `/busy` take a moment each, and some wait until they are let go.
  private final class Busy: RequestHandler {
    let handled = Mutex<[String]>([])
    let gate = DispatchSemaphore(value: 0)
    private let stops: Set<Int>

    /// - Parameter stops: the numbers of the requests that wait, counted from 1.
    init(stops: Set<Int> = [1]) {
      self.stops = stops
    }

    func receive(_ head: RequestHead) -> Reception {
      let number = handled.withLock { handled in
        handled.append(head.path)
        return handled.count
      }
      if head.path == "/busy" {
        if stops.contains(number) { gate.wait() }
        let end = ContinuousClock.now + .milliseconds(2)
        while ContinuousClock.now < end {}
      }
      return .respond(.response(.text(head.path)))
    }

    func response(to request: RejectedRequest) -> Response { Response(status: request.error.status) }
  }

  @Test(arguments: pollers) func servesOthersBetweenTheRequestsOfOneConnection(_ poller: PollerKind) async throws {
    let (handler, count) = (Busy(), 100)
    var configuration = ServerConfiguration.patient
    configuration.poller = poller
    try await withServer(handler, configuration: configuration) { _, address in
      let greedy = try RawClient(address)
      try await greedy.send(String(repeating: "GET /busy HTTP/1.1\r\nHost: a\r\n\r\n", count: count))
      try await eventually { handler.handled.withLock { $0.count } == 1 }
      let other = try RawClient(address)
      try await other.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
      handler.gate.signal()
      #expect(try await other.response().text == "/other")
      for _ in 0..<count { #expect(try await greedy.response().text == "/busy") }
      let index = handler.handled.withLock { $0.firstIndex(of: "/other") }
      // The connection is accepted after one turn, and read after another.
      #expect(try #require(index) <= 5)
    }
  }

  /// Each of a hundred connections has more to do than one slice allows. One that becomes ready meanwhile is served before
  /// their next slices, and each of them gets its response nevertheless.
  @Test(arguments: pollers) func servesANewRequestBeforeTheRestOfManyPipelines(_ poller: PollerKind) async throws {
    // After all have been accepted, and in the middle of what they have left.
    let (count, late) = (100, 300)
    let handler = Busy(stops: [1, late])
    var configuration = ServerConfiguration.patient
    configuration.poller = poller
    configuration.eventLoops = 1
    try await withServer(handler, configuration: configuration) { _, address in
      let other = try RawClient(address)
      try await other.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await other.response().text == "/other")
      handler.handled.withLock { $0 = [] }
      var clients: [RawClient] = []
      for _ in 0..<count {
        let client = try RawClient(address)
        try await client.send(String(repeating: "GET /busy HTTP/1.1\r\nHost: a\r\n\r\n", count: 5))
        clients.append(client)
      }
      handler.gate.signal()
      try await eventually { handler.handled.withLock { $0.count } == late }
      try await other.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
      handler.gate.signal()
      #expect(try await other.response().text == "/other")
      for client in clients {
        for _ in 0..<5 { #expect(try await client.response().text == "/busy") }
      }
      let index = handler.handled.withLock { $0.firstIndex(of: "/other") }
      #expect(try #require(index) <= late + 20)
    }
  }

  /// What a turn leaves is taken up again, wherever it ends: in the middle of chunks, and at the end of a body.
  @Test(arguments: pollers) func continuesWhereItsTurnEnded(_ poller: PollerKind) async throws {
    let (handler, count) = (Chunks(), 20_000)
    var configuration = ServerConfiguration.patient
    configuration.poller = poller
    try await withServer(handler, configuration: configuration) { _, address in
      let client = try RawClient(address)
      for _ in 0..<3 {
        try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        try await client.sendApart(String(repeating: "1\r\nx\r\n", count: count) + "0\r\n\r\n")
        #expect(try await client.response().text == "\(count)")
      }
    }
  }

  private struct Chunks: RequestHandler {
    func receive(_ head: RequestHead) -> Reception {
      .readBody(limit: 1 << 20) { body in .response(.text("\(body.count)")) }
    }

    func response(to request: RejectedRequest) -> Response { Response(status: request.error.status) }
  }
}
