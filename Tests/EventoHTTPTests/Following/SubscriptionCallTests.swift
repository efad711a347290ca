import Evento
import EventoHTTP
import EventoSQLite
import Foundation
import Testing

/// The calls that a subscription makes of a gateway.
@Suite(.timeLimit(.minutes(1))) struct SubscriptionCallTests {
  enum Account: Aggregate { static let aggregatorType = "bank/Account" }

  struct Deposited: AggregateEvent {
    typealias Aggregate = Account
    var amount: Int
  }

  /// A clock at which no time passes, so that no look at the subscriber is ever due.
  struct StoppedClock: Clock {
    let now = ContinuousClock.now
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
      try await Task.sleep(for: .seconds(86_400))
    }
  }

  /// How many requests the gateway has responded to, by method and route.
  private static func requests(_ baseURL: String) throws -> [String: Int] {
    let port = try #require(URL(string: baseURL)?.port.flatMap(UInt16.init(exactly:)))
    let peer = try Peer.connect(to: port)
    defer { peer.end() }
    peer.write("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8)
    let text = String(decoding: try #require(peer.readResponse()), as: UTF8.self)
    var counts: [String: Int] = [:]
    for match in text.matches(of: /_count\{route="([^"]*)",method="([^"]*)",status="[^"]*"\} ([0-9]+)/) {
      counts["\(match.output.2) \(match.output.1)", default: 0] += Int(match.output.3) ?? 0
    }
    return counts
  }

  @Test func anEventThatCommitsCostsOneAcknowledgementAndNoRead() async throws {
    let count = 20
    let store = try await SQLiteExecutor.open(":memory:")
    try await withGateway(over: store) { baseURL in
      let executor = try HTTPExecutor(baseURL: baseURL, configuration: testConfiguration())
      let (amounts, amount) = AsyncStream.makeStream(of: Int.self)
      let running = try await Subscription("s").clock(StoppedClock())
        .on(Deposited.self) { amount.yield($0.data.amount) }.start(on: executor)
      var handled = amounts.makeAsyncIterator()
      for number in 0...count {
        let commit = try await Account.aggregate("a").event(Deposited(amount: number)).commit(to: store)
        #expect(await handled.next() == number)
        // The first event is read with the page, or comes with the stream.
        while try await store.getSubscriberCursor("s") != commit.cursor { await Task.yield() }
      }
      #expect(try await running.shutdown() == .stopped)
      var requests = try Self.requests(baseURL)
      requests["GET /metrics"] = nil
      // Counted when it ends, which it may not have by now.
      requests["POST /events/stream"] = nil
      #expect(
        requests == [
          "PUT /subscribers/{key}": 1, "GET /subscribers/{key}": 1, "POST /events/query": 1,
          "PUT /subscribers/{key}/cursor": count + 1,
        ])
      await executor.close()
    }
    await store.close()
  }
}
