import Evento
import EventoStorage
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import EventoPostgreSQL

/// A server that fails while a store is open: clear errors, nothing written that is not answered, and recovery without
/// help.
@Suite(.needsPostgreSQL, .timeLimit(.minutes(5))) struct ServerFailureTests {
  /// Writes from several tasks, half of the events without ids, until `body` returns.
  private func writing(
    to store: PostgreSQLExecutor, while body: () async throws -> Void
  ) async throws -> [WriteResult] {
    let isDone = CancellationFlag()
    return try await withThrowingTaskGroup(of: [WriteResult].self) { group in
      for writer in 0..<4 {
        group.addTask {
          var results: [WriteResult] = []
          while !isDone.isSet {
            let event = NewEvent.sample(results.count % 2 == 0 ? nil : ULID(), of: "a\(writer % 2)")
            let result = try await store.write([event])
            results.append(result)
          }
          return results
        }
      }
      let outcome: Result<Void, any Error>
      do {
        outcome = .success(try await body())
      } catch {
        outcome = .failure(error)
      }
      isDone.set()
      let results = try await group.reduce(into: []) { $0 += $1 }
      try outcome.get()
      return results
    }
  }

  @Test func terminatedConnectionsLoseNothing() async throws {
    try await withStore { store, database in
      let results = try await writing(to: store) {
        for _ in 0..<30 {
          try await database.terminateAll()
          try await Task.sleep(for: .milliseconds(30))
        }
      }
      #expect(results.count > 30)
      try await store.waitUntilReadable()
      expect(try await store.log(), toHave: results)
    }
  }

  @Test func aServerThatIsKilledAndStartsAgainLosesNothing() async throws {
    let server = try await FastServer.own()
    try await withStore(on: server, { $0.writeTimeout = .seconds(60) }) { store, _ in
      let followed = Mutex<[Cursor]>([])
      let follower = Task {
        for try await edge in store.follow() { followed.withLock { $0.append(edge.cursor) } }
      }
      let results = try await writing(to: store) {
        for _ in 0..<2 {
          try await Task.sleep(for: .milliseconds(200))
          try await server.kill()
          try await server.startAgain()
        }
      }
      let last = try await store.write([.sample()])
      try await store.waitUntilReadable()
      let log = try await store.log()
      expect(log, toHave: results + [last])
      while followed.withLock({ $0.last }) != last.events[0].cursor { try await Task.sleep(for: .milliseconds(5)) }
      #expect(followed.withLock { $0 } == log.map(\.cursor))
      follower.cancel()
      try await follower.value
      try await store.checkReadiness()
    }
    try await server.stop()
  }

  // MARK: Locks

  @Test func aLockThatIsHeldEndsTheWaitForIt() async throws {
    try await withStore({ $0.writeTimeout = .seconds(1) }) { store, database in
      let first = try await store.write([.sample()])
      try await database.withLockedLog {
        try await expectUnavailable("Another client has locked the store") { try await store.write([.sample()]) }
      }
      let second = try await store.write([.sample()])
      expect(try await store.log(), toHave: [first, second])
      try await store.checkReadiness()
    }
  }

  @Test func aWriteWaitsForALockUntilItsTimeIsOver() async throws {
    try await withStore { store, database in
      var results = [try await store.write([.sample()])]
      var waiting: Task<WriteResult, any Error>?
      try await database.withLockedLog {
        waiting = Task { try await store.write([.sample()]) }
        _ = try await database.wait(
          for: "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
      }
      results.append(try await #require(waiting).value)
      expect(try await store.log(), toHave: results)
    }
  }

  /// The server ends the transaction of a gateway that hangs between its two halves.
  @Test func theLockOfAHungGatewayIsFreed() async throws {
    try await withRelayedStore { store, relay, database in
      try await withStore(PostgreSQLConfiguration(url: database.url)) { other in
        var results = [try await store.write([.sample()])]
        let writer = try #require(relay.traffic.max { $0.value.toServer < $1.value.toServer }).key
        results.append(try await other.write([.sample()]))
        // A swap that fails, so that the next write locks first.
        results.append(try await store.write([.sample()]))
        relay.plan(.stall, ofConnection: writer, after: 0, .toClient)
        async let hung = store.write([.sample()])
        while relay.faults == 0 { try await Task.sleep(for: .milliseconds(5)) }
        relay.stall()
        results.append(try await other.write([.sample()]))
        try relay.resume()
        results.append(try await hung)
        expect(try await other.log(), toHave: results)
      }
    }
  }

  /// The server waits for the rest of a batch as long as the connection lasts, and keeps the lock.
  @Test func aGatewayThatHangsInTheMiddleOfABatchIsDisconnected() async throws {
    try await withRelayedStore { store, relay, database in
      var configuration = PostgreSQLConfiguration(url: database.url)
      // Longer than the wait for a lock.
      configuration.requestTimeout = .milliseconds(2500)
      try await withStore(configuration) { other in
        // With a new name, a second and a third statement follow the one that locks the log.
        func event(_ number: Int) -> NewEvent {
          NewEvent(aggregatorType: "t", aggregatorID: "a", name: "new name \(number)")
        }
        var results = [try await store.write([event(1)])]
        let writer = try #require(relay.traffic.max { $0.value.toServer < $1.value.toServer }).key
        results.append(try await store.write([event(2)]))
        let before = relay.traffic[writer]?.toServer ?? 0
        results.append(try await store.write([event(3)]))
        let length = (relay.traffic[writer]?.toServer ?? 0) - before
        relay.plan(.stall, ofConnection: writer, after: length - 60, .toServer)
        async let hung = store.write([event(4)])
        while relay.faults == 0 { try await Task.sleep(for: .milliseconds(5)) }
        relay.stall()
        _ = try await database.wait(
          for: """
            SELECT 1 FROM pg_stat_activity JOIN pg_locks USING (pid)
            WHERE datname = current_database() AND state = 'active' AND wait_event = 'ClientRead'
              AND relation = 'store'::regclass AND mode = 'RowExclusiveLock'
            """)
        results.append(try await other.write([.sample()]))
        try relay.resume()
        results.append(try await hung)
        expect(try await other.log(), toHave: results)
      }
    }
  }

  // MARK: Roles of the server

  @Test func aServerThatOnlyAllowsReadsIsNotWrittenTo() async throws {
    try await withStore({ $0.writeTimeout = .seconds(1) }) { store, database in
      let first = try await store.write([.sample()])
      try await database.psql("ALTER DATABASE \(database.name) SET default_transaction_read_only = on")
      try await database.terminateAll()
      try await expectUnavailable("only allows reads") { try await store.write([.sample()]) }
      try await expectUnavailable("only allows reads") { try await store.checkReadiness() }
      try await expectUnavailable("only allows reads") {
        _ = try await PostgreSQLExecutor.open(PostgreSQLConfiguration(url: database.url))
      }
      try await database.server.psql("ALTER DATABASE \(database.name) RESET default_transaction_read_only")
      let second = try await store.write([.sample()])
      try await store.checkReadiness()
      try await store.waitUntilReadable()
      expect(try await store.log(), toHave: [first, second])
    }
  }

  /// A server that changes its role without ending its connections.
  @Test func aConnectionThatMayNoLongerWriteIsReplaced() async throws {
    try await withStore { store, database in
      var results = [try await store.write([.sample()])]
      try await database.psql(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'read_only_sql_transaction'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON event EXECUTE FUNCTION refuse()
        """)
      let backends = """
        SELECT string_agg(pid::text, ',' ORDER BY pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        """
      async let second = store.write([.sample()])
      let before = try await database.psql(backends)
      _ = try await database.wait(for: "SELECT 1 WHERE (\(backends)) <> '\(before)'")
      try await database.psql("DROP TRIGGER refuse ON event")
      results.append(try await second)
      expect(try await store.log(), toHave: results)
    }
  }

  @Test func tooManyConnectionsAreRefusedUntilOthersEnd() async throws {
    let server = try await FastServer.own(["max_connections": "6", "superuser_reserved_connections": "2"])
    try await withStore(on: server, { $0.writeTimeout = .seconds(1) }) { store, database in
      let first = try await store.write([.sample()])
      #expect(try await store.log().count == 1)
      // The first store has three of four connections. A connection that is closed counts until its process has ended.
      let onlyThree = """
        SELECT 'yes' FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() HAVING count(*) <= 3
        """
      _ = try await database.wait(for: onlyThree)
      let configuration = PostgreSQLConfiguration(url: database.url)
      let second = try await PostgreSQLExecutor.open(configuration)
      try await expectUnavailable("accepts no more connections") { _ = try await second.log() }
      try await expectUnavailable("accepts no more connections") {
        _ = try await PostgreSQLExecutor.open(configuration)
      }
      let third = try await store.write([.sample()])
      await second.close()
      _ = try await database.wait(for: onlyThree)
      try await withStore(configuration) { second in
        let fourth = try await second.write([.sample()])
        expect(try await store.log(), toHave: [first, third, fourth])
      }
    }
    try await server.stop()
  }

  // MARK: Disks

  /// The error is a trigger's: a disk can't be filled without root. One write of a commit fails, not the others.
  @Test func aFullDiskFailsOnlyTheWritesThatDoNotFit() async throws {
    try await withStore { store, database in
      try await database.psql(
        """
        CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF octet_length(NEW.data) > 1000 THEN
            RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full';
          END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER fill BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION fill()
        """)
      var large = NewEvent.sample(of: "large")
      large.data = Payload(String(repeating: "x", count: 1001))
      let results = try await withThrowingTaskGroup(of: WriteResult?.self) { group in
        for number in 0..<50 {
          group.addTask { [large] in
            guard number % 10 == 0 else { return try await store.write([.sample(of: "a\(number % 3)")]) }
            try await expectUnavailable("The disk of PostgreSQL is full") { try await store.write([large]) }
            return nil
          }
        }
        return try await group.reduce(into: [WriteResult]()) { if let result = $1 { $0.append(result) } }
      }
      #expect(results.count == 45)
      try await database.psql("DROP TRIGGER fill ON event")
      let last = try await store.write([large])
      expect(try await store.log(), toHave: results + [last])
    }
  }

  @Test(.needsSmallDisk) func aDiskThatIsFullTakesWritesAgainOnceItHasSpace() async throws {
    let server = try await FastServer.own()
    let disk = try SmallDisk(megabytes: 48)
    try await server.psql("CREATE TABLESPACE small LOCATION '\(disk.folder.path())'")
    try await withStore(on: server) { store, database in
      try await database.psql("ALTER TABLE event SET TABLESPACE small")
      try disk.fill(megabytes: 40)
      var large = NewEvent.sample()
      large.data = Payload((0..<1 << 20).map { _ in UInt8.random(in: 0...255) })
      var results: [WriteResult] = []
      try await expectUnavailable("The disk of PostgreSQL is full") {
        while results.count < 100 { results.append(try await store.write([large])) }
      }
      #expect(!results.isEmpty)
      expect(try await store.log(), toHave: results)
      try disk.free()
      results.append(try await store.write([large]))
      try await store.checkReadiness()
      expect(try await store.log(), toHave: results)
    }
    try await server.stop()
    try disk.remove()
  }

  // MARK: Large writes

  /// The part of a write that is sent before its events would otherwise be committed without them.
  @Test func aWriteThatIsLargerThanAMessageIsRefused() async throws {
    try await withStore { store, _ in
      func code(ofSize size: Int) async throws -> EventoError.Code {
        var (event, last) = (NewEvent.sample(), NewEvent.sample())
        event.data = Payload([UInt8](repeating: 0, count: 1 << 20))
        last.data = Payload()
        var events = Array(repeating: event, count: 1000) + [last]
        events[1000].data = Payload([UInt8](repeating: 0, count: size - WriteSize(events).bytes))
        // No caller waits for it, so that it is not sent if it is not refused.
        let result = await withCheckedContinuation { continuation in
          store.write(events, condition: nil, unless: { true }) { continuation.resume(returning: $0) }
        }
        return try #require(throws: EventoError.self) { try result.get() }.code
      }
      #expect(try await code(ofSize: Parameters.maximumSize + 1) == .contentTooLarge)
      #expect(try await code(ofSize: Parameters.maximumSize) == .unavailable)
      #expect(try await store.log().isEmpty)
      let result = try await store.write([.sample()])
      expect(try await store.log(), toHave: [result])
    }
  }
}
