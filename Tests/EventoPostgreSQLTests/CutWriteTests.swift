import Evento
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import EventoPostgreSQL

/// Writes whose connection breaks at a byte of their exchange with the server. Whichever byte that is, the write succeeds,
/// and is stored once.
@Suite(.needsPostgreSQL, .serialized, .timeLimit(.minutes(15))) struct CutWriteTests {
  /// The ways in which a write is stored.
  enum Way: CaseIterable {
    /// Compare and swap.
    case swap
    /// A swap that fails, since another executor was quicker, then lock and look up.
    case lostSwap
    /// Lock and look up, shortly after a swap that failed.
    case lock
  }

  /// The place at which an exchange breaks.
  private struct Cut {
    let way: Way
    /// Without an id, the event could be stored twice.
    let hasID: Bool
    let direction: RelayDirection
    let fault: RelayFault
    /// The number of bytes in this direction that pass.
    let count: Int
    /// False for the last bytes, which some exchanges do not have.
    let isAlwaysReached: Bool
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
      try await write()
      switch way {
      case .swap: break
      case .lostSwap: try await write(to: rival)
      case .lock:
        try await write(to: rival)
        try await write()
      }
      // The listener's has carried less.
      let connection = relay.traffic.max { growth($0, since: before) < growth($1, since: before) }
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
    func length(of way: Way, hasID: Bool = false) async throws -> RelayTraffic {
      let connection = try await prepare(for: way)
      let before = relay.traffic[connection] ?? RelayTraffic()
      try await write(.sample(hasID ? ULID() : nil))
      let after = relay.traffic[connection] ?? RelayTraffic()
      return RelayTraffic(toServer: after.toServer - before.toServer, toClient: after.toClient - before.toClient)
    }

    /// Writes while the connection breaks.
    ///
    /// - Returns: False if the exchange ended before that place.
    func write(with cut: Cut) async throws -> Bool {
      let connection = try await prepare(for: cut.way)
      let faults = relay.faults
      relay.plan(cut.fault, ofConnection: connection, after: cut.count, cut.direction)
      let event = NewEvent.sample(cut.hasID ? ULID() : nil)
      let result = try await write(event)
      relay.cancelPlans()
      if cut.hasID, cut.count % 8 == 1 {
        // By the other store, since a repeated write makes a store lock first for a second.
        let again = try await rival.write([event])
        #expect(again == WriteResult(events: result.events, isResend: true))
      }
      return relay.faults > faults
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

  /// The number of stores that are written to at the same time: most of the time, a write waits for its next connection.
  private static let lanes = 16

  /// The maximum number of bytes by which two exchanges differ: a notification has numbers in it, as text.
  private static let spread = 20

  /// If it is set, there is a cut after each byte, by an end and by a reset, which takes six times as long. If not, after
  /// each third byte, by one of them in turn. No message has fewer than five bytes
  /// (https://www.postgresql.org/docs/15/protocol-message-formats.html), so each is cut.
  private static let hasAllFaults = ProcessInfo.processInfo.environment["EVENTO_ALL_CUTS"] != nil
  private static let step = hasAllFaults ? 1 : 3

  /// Returns one lane's share of the cuts, in both directions.
  ///
  /// A lost swap is cut until its end. Lock and look up follows, which has cuts of its own.
  private func cuts(of lane: Int, _ bench: Bench) async throws -> [Cut] {
    let swap = try await bench.length(of: .swap)
    let lock = try await bench.length(of: .lock)
    let lockWithID = try await bench.length(of: .lock, hasID: true)
    try await bench.reconnect()
    var cuts: [Cut] = []
    for way in Way.allCases {
      for direction in RelayDirection.allCases {
        let length = (way == .lock ? lockWithID : swap)[direction]
        #expect(length > 50)
        for (number, count) in stride(from: lane * Self.step, to: length, by: Self.lanes * Self.step).enumerated() {
          for fault in Self.hasAllFaults ? [.end, .reset] : [number % 4 < 2 ? .end : .reset] as [RelayFault] {
            let hasID = number % 2 == 0 || way == .lock && count >= lock[direction] - Self.spread
            cuts.append(
              Cut(
                way: way, hasID: hasID, direction: direction, fault: fault, count: count,
                isAlwaysReached: count < length - Self.spread))
          }
        }
      }
    }
    return cuts
  }

  @Test func aWriteIsStoredOnceWhereverItsConnectionBreaks() async throws {
    let total = try await withThrowingTaskGroup(of: Int.self) { group in
      for lane in 0..<Self.lanes {
        group.addTask {
          var count = 0
          try await withBench { bench in
            for cut in try await cuts(of: lane, bench) {
              // Again if it was another way, which it is if more than a second has passed since a lost swap. An exchange
              // can also be shorter than the one that was measured: ids are looked up only for a second after a resend.
              for _ in 0..<(cut.isAlwaysReached ? 3 : 1) {
                if try await bench.write(with: cut) {
                  count += 1
                  break
                }
                try await bench.reconnect()
              }
            }
          }
          return count
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(total > 800, "\(total) cuts")
    print("\(total) cuts")
  }

  /// The rest of the exchange arrives when the write has been stored by another connection, or is about to be.
  @Test func silenceEndsWithTheRequestTimeout() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for lane in 0..<Self.lanes {
        group.addTask {
          try await withBench({ $0.requestTimeout = .milliseconds(300) }) { bench in
            for way in Way.allCases {
              for direction in RelayDirection.allCases {
                try await bench.reconnect()
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
