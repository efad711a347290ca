import Evento
import EventoStorage
import Synchronization
import TestSupport
import Testing

@testable import EventoPostgreSQL

/// Commits that wait for a synchronous standby that does not answer.
@Suite(.needsPostgreSQL, .timeLimit(.minutes(5))) struct StandbyTests {
  private static let waitsForStandby = """
    SELECT xact_start FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'
    """

  /// Sets the standbys of a server, as names that no standby has.
  private func requireStandby(_ name: String?, _ server: PostgreSQLServer) async throws {
    try await server.psql("ALTER SYSTEM SET synchronous_standby_names = '\(name ?? "")'")
    try await server.psql("SELECT pg_reload_conf()")
    while try await server.psql("SHOW synchronous_standby_names") != name ?? "" {}
  }

  /// A canceled wait for a standby is a success for PostgreSQL, with a warning.
  @Test func aCanceledWaitForAStandbyIsNoSuccess() async throws {
    let server = try await FastServer.own()
    try await withStore(on: server) { store, database in
      var results = [try await store.write([.sample()])]
      try await requireStandby("missing", server)
      let isAnswered = CancellationFlag()
      let event = NewEvent.sample(ULID())
      async let written: WriteResult = {
        let result = try await store.write([event])
        isAnswered.set()
        return result
      }()
      // The commit, then those that are to confirm it.
      for _ in 0..<4 {
        let waiting = try await database.wait(for: Self.waitsForStandby)
        try await database.psql(
          "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
        _ = try await database.wait(for: "\(Self.waitsForStandby) AND xact_start <> '\(waiting)'")
        #expect(!isAnswered.isSet)
      }
      try await requireStandby(nil, server)
      results.append(try await written)
      #expect(!results[1].isResend)
      #expect(try await store.write([event]) == WriteResult(events: results[1].events, isResend: true))
      expect(try await store.log(), toHave: results)
    }
    try await server.stop()
  }

  /// Without a standby, a write ends with its own time, and its error says that it may have been stored.
  @Test func aMissingStandbyMakesTheOutcomeUnknown() async throws {
    let server = try await FastServer.own()
    try await withStore(
      on: server,
      {
        $0.requestTimeout = .seconds(1)
        $0.writeTimeout = .seconds(2)
      }
    ) { store, database in
      try await requireStandby("missing", server)
      let event = NewEvent.sample(ULID())
      try await expectUnavailable("may have been stored") { try await store.write([event]) }
      try await requireStandby(nil, server)
      // The first one may wait for the first attempt.
      let result = try await store.write([event])
      #expect(result.isResend)
      expect(try await store.log(), toHave: [result])
    }
    try await server.stop()
  }

  private static let waitingForStandby = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'
    """

  /// The server does not notice that the client of a commit that waits for a standby has gone.
  @Test func fewSessionsWaitForAMissingStandby() async throws {
    let server = try await FastServer.own()
    try await withStore(
      on: server,
      {
        $0.requestTimeout = .milliseconds(500)
        $0.writeTimeout = .seconds(1)
      }
    ) { store, database in
      let first = try await store.write([.sample()])
      try await requireStandby("missing", server)
      try await expectUnavailable("may have been stored") { try await store.write([.sample()]) }
      // None of them is stored twice, and all are different rows.
      for number in 0..<8 {
        try await expectUnavailable("too long") {
          try await store.upsertSubscriber("s\(number)", workerID: ULID())
        }
      }
      try await expectUnavailable { try await store.write([.sample()]) }
      let count = try await #require(Int(database.psql(Self.waitingForStandby)))
      #expect((1...4).contains(count))
      try await requireStandby(nil, server)
      while try await database.psql(Self.waitingForStandby) != "0" { try await Task.sleep(for: .milliseconds(20)) }
      try await store.upsertSubscriber("s", workerID: ULID())
      let last = try await store.write([.sample()])
      let log = try await store.log()
      #expect(log.first?.cursor == first.events[0].cursor && log.last?.cursor == last.events[0].cursor)
    }
    try await server.stop()
  }

  /// The server accepts connections and reads, but no commit succeeds, also while no write waits.
  @Test func aStoreThatWaitsForAStandbyIsNotReadyUntilACommitSucceeds() async throws {
    let server = try await FastServer.own()
    let notices = Mutex<[StoreNotice]>([])
    try await withStore(
      on: server,
      {
        $0.requestTimeout = .milliseconds(500)
        $0.writeTimeout = .seconds(1)
        $0.notify = { notice in notices.withLock { $0.append(notice) } }
      }
    ) { store, _ in
      #expect(store.databaseServer == "127.0.0.1:\(server.port)")
      try await requireStandby("missing", server)
      try await expectUnavailable("may have been stored") { try await store.write([.sample()]) }
      let began = ContinuousClock.now
      while ContinuousClock.now - began < .seconds(4) {
        try await expectUnavailable { try await store.checkReadiness() }
        try await Task.sleep(for: .milliseconds(20))
      }
      #expect(notices.withLock { $0.count { $0.level == .recovery && $0.message.contains("Writes") } } == 0)
      try await requireStandby(nil, server)
      while await errorCode({ try await store.checkReadiness() }) != nil {
        try await Task.sleep(for: .milliseconds(20))
      }
      #expect(notices.withLock { $0.count { $0.level == .recovery && $0.message.contains("Writes") } } == 1)
      #expect(try await store.log().count == 1)
    }
    try await server.stop()
  }

  /// Both writes are in one batch, of which one is stored.
  @Test func aRefusedWriteIsNotStoredWhateverBecomesOfItsBatch() async throws {
    let server = try await FastServer.own()
    let relay = try Relay()
    relay.setTarget(server.port)
    try await server.withDatabase { database in
      var configuration = PostgreSQLConfiguration(url: database.url(port: relay.port))
      configuration.requestTimeout = .seconds(5)
      configuration.writeTimeout = .seconds(8)
      try await withStore(configuration) { store in
        _ = try await store.write([.sample(of: "a")])
        relay.stall()
        let (results, signal) = AsyncStream.makeStream(of: (isRefused: Bool, Result<WriteResult, EventoError>).self)
        // The first one is in flight, or waits with the other one.
        for (event, isRefused) in [(NewEvent.sample(of: "a", version: 7), true), (.sample(of: "b"), false)] {
          store.write([event], condition: nil, unless: { false }) { signal.yield((isRefused, $0)) }
        }
        try await requireStandby("missing", server)
        try relay.resume()
        for await (isRefused, result) in results.prefix(2) {
          let error = #expect(throws: EventoError.self) { try result.get() }
          #expect(error?.code == .unavailable)
          #expect(error?.detail.contains("may have been stored") == !isRefused)
        }
        try await requireStandby(nil, server)
        while try await store.eventCount() != 2 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(await errorCode { try await store.write([.sample(of: "a", version: 7)]) } == .invalidOriginalVersion)
      }
    }
    relay.stop()
    try await server.stop()
  }
}
