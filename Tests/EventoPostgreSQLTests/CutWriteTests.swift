import Evento
import Synchronization
import TestSupport
import Testing

@testable import EventoPostgreSQL

/// Writes whose connection breaks at a byte of their exchange with the server. Whichever byte that is, the write succeeds,
/// and is stored once.
@Suite(.needsPostgreSQL, .serialized, .timeLimit(.minutes(5))) struct CutWriteTests {
  /// The ways in which a write is stored.
  enum Way: CaseIterable {
    /// Compare and swap.
    case swap
    /// A swap that fails, since another executor was quicker, then lock and look.
    case lostSwap
    /// Lock and look, shortly after a swap that failed.
    case lock
  }

  /// A store behind a relay, and another one beside it. Each write is the latest of its aggregate.
  private final class Bench: Sendable {
    let store: PostgreSQLExecutor
    let rival: PostgreSQLExecutor
    let relay: Relay
    private let written = Mutex<[WriteResult]>([])

    init(_ store: PostgreSQLExecutor, _ rival: PostgreSQLExecutor, _ relay: Relay) {
      (self.store, self.rival, self.relay) = (store, rival, relay)
    }

    @discardableResult
    func write(_ event: NewEvent = .sample(), to store: PostgreSQLExecutor? = nil) async throws -> WriteResult {
      let result = try await (store ?? self.store).write([event])
      #expect(!result.isResend)
      written.withLock { $0.append(result) }
      return result
    }

    var results: [WriteResult] { written.withLock { $0 } }

    /// Prepares a write, so that all statements that it needs are prepared on its connection.
    ///
    /// - Returns: The number of its connection.
    func prepare(for way: Way) async throws -> Int {
      let before = relay.traffic
      for _ in 0..<2 { try await write() }
      // The listener's has carried less.
      let connection = relay.traffic.max { growth($0, since: before) < growth($1, since: before) }
      switch way {
      case .swap: break
      case .lostSwap: try await write(to: rival)
      case .lock:
        try await write(to: rival)
        try await write()
      }
      return try #require(connection).key
    }

    private func growth(_ connection: (key: Int, value: RelayTraffic), since before: [Int: RelayTraffic]) -> Int {
      connection.value.toServer - (before[connection.key]?.toServer ?? 0)
    }

    /// Replaces the writer's connection, after which a swap comes first again.
    func reconnect() async throws {
      relay.plan(.end, ofConnection: try await prepare(for: .swap), after: 0, .toServer)
      try await write()
    }

    /// Returns the bytes of a write's exchange.
    func length(of way: Way) async throws -> RelayTraffic {
      let connection = try await prepare(for: way)
      let before = relay.traffic[connection] ?? RelayTraffic()
      try await write()
      let after = relay.traffic[connection] ?? RelayTraffic()
      return RelayTraffic(
        toServer: after.toServer - before.toServer, toClient: after.toClient - before.toClient)
    }
  }

  private func withBench(
    _ change: (inout PostgreSQLConfiguration) -> Void = { _ in }, _ body: (Bench) async throws -> Void
  ) async throws {
    try await withRelayedStore(change) { store, relay, database in
      try await withStore(PostgreSQLConfiguration(url: database.url)) { rival in
        let bench = Bench(store, rival, relay)
        try await body(bench)
        expect(try await rival.log(), toHave: bench.results)
      }
    }
  }

  /// No message has fewer than five bytes (https://www.postgresql.org/docs/15/protocol-message-formats.html), so that
  /// every fourth byte is enough for a cut in, or just before, each of them.
  private static let step = 4
  /// Most of the time is spent in waits for the next connection.
  private static let lanes = 16

  @Test(arguments: Way.allCases, RelayDirection.allCases)
  func aWriteIsStoredOnceWhereverItsConnectionBreaks(_ way: Way, _ direction: RelayDirection) async throws {
    try await withThrowingTaskGroup(of: Int.self) { group in
      for lane in 0..<Self.lanes {
        group.addTask {
          var strikes = 0
          try await withBench { bench in
            let length = try await bench.length(of: way)[direction]
            #expect(length > 50)
            for count in stride(from: lane * Self.step, to: length, by: Self.lanes * Self.step) {
              let connection = try await bench.prepare(for: way)
              bench.relay.plan(count % 3 == 0 ? .reset : .end, ofConnection: connection, after: count, direction)
              let faults = bench.relay.faults
              // Without an id, it could be stored twice.
              let event = NewEvent.sample(count % 8 == 0 ? nil : ULID())
              let result = try await bench.write(event)
              strikes += bench.relay.faults - faults
              bench.relay.cancelPlans()
              guard event.id != nil else { continue }
              let again = try await bench.store.write([event])
              #expect(again == WriteResult(events: result.events, isResend: true))
            }
          }
          return strikes
        }
      }
      let strikes = try await group.reduce(0, +)
      #expect(strikes > 15)
    }
  }

  /// The rest of the exchange arrives when the write has been stored by another connection, or is about to be.
  @Test(arguments: Way.allCases, RelayDirection.allCases)
  func silenceEndsWithTheRequestTimeout(_ way: Way, _ direction: RelayDirection) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for lane in 0..<Self.lanes {
        group.addTask {
          try await withBench({ $0.requestTimeout = .milliseconds(300) }) { bench in
            let length = try await bench.length(of: way)[direction]
            try await bench.reconnect()
            let connection = try await bench.prepare(for: way)
            let accepted = bench.relay.accepted
            bench.relay.plan(
              .stall, ofConnection: connection, after: length * lane / Self.lanes, direction)
            async let written: WriteResult = bench.write(.sample(lane % 2 == 0 ? nil : ULID()))
            // The next attempt.
            while bench.relay.accepted == accepted { try await Task.sleep(for: .milliseconds(5)) }
            try bench.relay.resume()
            _ = try await written
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// The first attempt arrives after the look-up that looks for it, but before the second attempt. So the look-up does
  /// not find it, and it is stored, under the ids of the second one.
  @Test func aFirstAttemptThatWaitsForTheLockIsTheOnlyOne() async throws {
    try await withRelayedStore({ $0.requestTimeout = .seconds(2) }) { store, relay, database in
      try await withStore(PostgreSQLConfiguration(url: database.url)) { rival in
        let bench = Bench(store, rival, relay)
        let connection = try await bench.prepare(for: .swap)
        var written: Task<WriteResult, any Error>?
        try await database.withLockedLog {
          relay.plan(.stall, ofConnection: connection, after: 0, .toServer)
          written = Task { try await store.write([.sample()]) }
          _ = try await database.wait(for: "\(Self.waiters) AND query LIKE 'SELECT%'")
          try relay.resume()
          _ = try await database.wait(for: "\(Self.waiters) AND query LIKE 'WITH updated%'")
        }
        let result = try await #require(written).value
        expect(try await rival.log(), toHave: bench.results + [result])
      }
    }
  }

  private static let waiters = """
    SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
    """

  /// What arrives late finds that the log has moved on.
  @Test func aFirstAttemptThatArrivesLateStoresNothing() async throws {
    for id in [nil, ULID()] as [ULID?] {
      try await withBench({ $0.requestTimeout = .milliseconds(300) }) { bench in
        let connection = try await bench.prepare(for: .swap)
        bench.relay.plan(.stall, ofConnection: connection, after: 0, .toServer)
        let event = NewEvent.sample(id)
        let result = try await bench.write(event)
        try bench.relay.resume()
        // Ends once the server has read all of it.
        while bench.relay.traffic[connection] != nil { try await Task.sleep(for: .milliseconds(5)) }
        try await bench.write()
        guard id != nil else { return }
        #expect(try await bench.store.write([event]) == WriteResult(events: result.events, isResend: true))
      }
    }
  }
}
