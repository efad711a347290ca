import Dispatch
import Evento
import EventoStorage
import Synchronization
import TestSupport
import Testing

@testable import EventoPostgreSQL

@Suite(.needsPostgreSQL) struct ConnectionPoolTests {
  private func settings() async throws -> ConnectionSettings {
    try ConnectionSettings(try await PostgreSQLServer.shared.database.url)
  }

  /// A number of a process may be that of any other process, such as one of the new leader after a failover.
  @Test func abandonedSessionsAreNotTakenForOtherProcesses() async throws {
    let settings = try await settings()
    try await withConnection { connection in
      let sessions = AbandonedSessions()
      // Those of the server itself, which have no state for this role, and its own with another beginning.
      let rows = try connection.run(.once("SELECT pid FROM pg_stat_activity"))
      for row in 0..<rows.rowCount {
        sessions.add(Connection.Backend(pid: Int32(rows.integer(row, 0)), start: connection.backend.start - 1))
      }
      #expect(rows.rowCount > 2)
      try sessions.check(on: connection)
      // One is left, then two.
      sessions.add(connection.backend)
      try sessions.check(on: connection)
      let other = try Connection(settings)
      try other.run(.begin)
      sessions.add(other.backend)
      #expect(try failure { try sessions.check(on: connection) }.reason == .timedOut)
      other.close()
    }
  }

  private static let backend = Statement("SELECT pg_backend_pid()")
  private static let terminate = Statement("SELECT pg_terminate_backend($1)", .int4)

  private func backend(_ pool: ConnectionPool) async throws -> Int64 {
    try await pool.perform(.lookUp) { session, _ in try session.connection.run(Self.backend).integer(0, 0) }
  }

  @Test func oneConnectionIsEnoughForOneCallAfterTheOther() async throws {
    let opened = Atomic(0)
    let settings = try await settings()
    let pool = ConnectionPool(sessions: 4) { () throws(PostgreSQLFailure) in
      opened.add(1, ordering: .relaxed)
      return try Connection(settings)
    }
    #expect(opened.load(ordering: .relaxed) == 0)
    for work in [ConnectionPool.Work.lookUp, .readPage, .change, .lookUp] {
      try await pool.perform(work) { session, _ in _ = try session.connection.run(Self.backend) }
    }
    #expect(opened.load(ordering: .relaxed) == 1)
    await pool.close()
  }

  @Test func whatLosesItsConnectionIsRepeatedOnANewOne() async throws {
    let pool = ConnectionPool(try await settings(), sessions: 1)
    let lost = try await backend(pool)
    let (now, isRepeated) = try await pool.perform(.lookUp) { session, isRepeated in
      if !isRepeated {
        session.filters.keep(.log, of: FilterKey(nil, .value("k")))
        try session.connection.run(Self.terminate, [.int4(Int32(lost))])
      }
      #expect(session.filters.target(of: FilterKey(nil, .value("k"))) == nil, "ids die with their connection")
      return (try session.connection.run(Self.backend).integer(0, 0), isRepeated)
    }
    #expect(isRepeated && now != lost)
    await pool.close()
  }

  @Test func whatLosesTwoConnectionsFails() async throws {
    let pool = ConnectionPool(try await settings(), sessions: 1)
    let runs = Atomic(0)
    let code = await errorCode {
      try await pool.perform(.change) { session, _ in
        runs.add(1, ordering: .relaxed)
        let own = try session.connection.run(Self.backend).integer(0, 0)
        try session.connection.run(Self.terminate, [.int4(Int32(own))])
      }
    }
    #expect(code == .unavailable && runs.load(ordering: .relaxed) == 2)
    _ = try await backend(pool)
    await pool.close()
  }

  @Test func whatTakesTooLongIsNotRepeated() async throws {
    let pool = ConnectionPool(try await settings(), sessions: 1)
    let runs = Atomic(0)
    let code = await errorCode {
      try await pool.perform(.lookUp) { session, _ in
        runs.add(1, ordering: .relaxed)
        try session.connection.run(.once("SELECT pg_sleep(60)"), within: .milliseconds(50))
      }
    }
    #expect(code == .unavailable && runs.load(ordering: .relaxed) == 1)
    _ = try await backend(pool)
    await pool.close()
  }

  @Test func whileTheServerIsAwayWorkFailsAtOnce() async throws {
    let settings = try await settings()
    let isAway = Atomic(true)
    let attempts = Atomic(0)
    let pool = ConnectionPool(sessions: 2) { () throws(PostgreSQLFailure) in
      attempts.add(1, ordering: .relaxed)
      guard isAway.load(ordering: .relaxed) else { return try Connection(settings) }
      throw PostgreSQLFailure(
        .unreachable, message: "away", action: "connect", mayHaveCommitted: false, isConnectionLost: true)
    }
    for _ in 0..<1000 {
      #expect(await errorCode { _ = try await backend(pool) } == .unavailable)
    }
    // The first attempt, and few others: how many depends on the time that all of this took.
    #expect(attempts.load(ordering: .relaxed) < 100)
    isAway.store(false, ordering: .relaxed)
    while await errorCode({ _ = try await backend(pool) }) != nil { try await Task.sleep(for: .milliseconds(5)) }
    await pool.close()
  }

  /// Pages and changes that wait, for a lock or for a standby, hold up no look-up.
  @Test func lookUpsHaveConnectionsOfTheirOwn() async throws {
    let pool = ConnectionPool(try await settings(), sessions: 4)
    let gate = DispatchSemaphore(value: 0)
    async let slow: Void = withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<20 {
        group.addTask {
          try await pool.perform(number < 10 ? .readPage : .change) { _, _ in if number % 10 < 2 { gate.wait() } }
        }
      }
      try await group.waitForAll()
    }
    // Each waits for another call, so that all of them are of an earlier time than the last one.
    for _ in 0..<20 { await Task.yield() }
    async let lookUps: Void = withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<20 { group.addTask { try await pool.perform(.lookUp) { _, _ in } } }
      try await group.waitForAll()
    }
    for _ in 0..<4 { gate.signal() }
    try await lookUps
    try await slow
    await pool.close()
  }

  /// All connections hang in work of other callers.
  @Test func aWaitForAConnectionHasALimit() async throws {
    let settings = try await settings()
    let pool = ConnectionPool(sessions: 2, waitLimit: .milliseconds(50)) { () throws(PostgreSQLFailure) in
      try Connection(settings)
    }
    let gate = DispatchSemaphore(value: 0)
    let started = Atomic(0)
    let done = Atomic(0)
    for _ in 0..<2 {
      pool.perform(.lookUp, completion: { (_: Result<Void, EventoError>) in done.add(1, ordering: .relaxed) }) { _, _ in
        started.add(1, ordering: .relaxed)
        gate.wait()
      }
    }
    while started.load(ordering: .relaxed) < 2 { await Task.yield() }
    for work in ConnectionPool.Work.allCases {
      let error = try await #require(throws: EventoError.self) { try await pool.perform(work) { _, _ in } }
      #expect(error.code == .unavailable && error.isTransient && error.detail.contains("busy for 0.05 seconds"))
    }
    // What runs is not ended, and what comes later waits as long again.
    gate.signal()
    gate.signal()
    while done.load(ordering: .relaxed) < 2 { await Task.yield() }
    try await pool.perform(.lookUp) { _, _ in }
    await pool.close()
  }

  @Test func closingCompletesWhatWaitsAndRefusesTheRest() async throws {
    let pool = ConnectionPool(try await settings(), sessions: 1)
    let (started, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let done = Atomic(0)
    let completion: ConnectionPool.Completion<Void> = { result in
      if case .success = result { done.add(1, ordering: .relaxed) }
    }
    pool.perform(.lookUp, completion: completion) { _, _ in
      started.signal()
      gate.wait()
    }
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        started.wait()
        continuation.resume()
      }
    }
    for _ in 0..<9 { pool.perform(.readPage, completion: completion) { _, _ in } }
    pool.perform(.readPage, unless: { true }, completion: completion) { _, _ in Issue.record("nobody waits for it") }
    async let closed: Void = pool.close()
    // As long as it is accepted, it waits too.
    for _ in 0..<100 { pool.perform(.lookUp, completion: completion) { _, _ in } }
    gate.signal()
    await closed
    #expect(done.load(ordering: .relaxed) >= 10)
    #expect(await errorCode { _ = try await backend(pool) } == .unavailable)
    await pool.close()
  }

  @Test func aServerThatOnlyAllowsReadsIsNotReady() async throws {
    let settings = try await settings()
    let writable = ConnectionPool(settings, sessions: 1)
    #expect(await writability(writable) == nil)
    await writable.close()
    let readOnly = ConnectionPool(sessions: 1) { () throws(PostgreSQLFailure) in
      try Connection(settings, for: .reading)
    }
    #expect(await writability(readOnly)?.code == .unavailable)
    await readOnly.close()
  }

  private func writability(_ pool: ConnectionPool) async -> EventoError? {
    await withCheckedContinuation { continuation in pool.checkWritable { continuation.resume(returning: $0) } }
  }
}
