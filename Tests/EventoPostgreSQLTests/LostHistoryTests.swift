import Evento
import EventoGateway
import EventoStorage
import HTTPServer
import Logging
import Synchronization
import TestSupport
import Testing

@testable import EventoPostgreSQL

/// A server that has lost its last commits, as after a failover to a standby that was behind. Nobody skips an event, or
/// takes one for another.
@Suite(.needsPostgreSQL, .timeLimit(.minutes(2))) struct LostHistoryTests {
  /// Keeps the content of a store.
  private func save(_ database: PostgreSQLServer.Database) async throws {
    try await database.psql(Schema.tables.map { "CREATE TABLE saved_\($0) AS TABLE \($0)" }.joined(separator: "; "))
  }

  /// Cuts all connections, and goes back to the saved content before there are new ones.
  private func restore(_ database: PostgreSQLServer.Database, behind relay: Relay) async throws {
    relay.refuse()
    relay.cut()
    // Their backends see the end of their connections.
    while try await database.psql(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND usename = 'evento' LIMIT 1") != ""
    {}
    try await database.psql(
      Schema.tables.map { "DELETE FROM \($0); INSERT INTO \($0) SELECT * FROM saved_\($0)" }.joined(separator: "; "))
    try relay.resume()
  }

  private func expectLost(
    _ label: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
  ) async {
    #expect(await errorCode(body) == .cursorNotInHistory, "\(label)", sourceLocation: sourceLocation)
  }

  /// Checks that no call takes a cursor of the lost history.
  private func expectRefused(_ lost: Cursor, by store: PostgreSQLExecutor, _ worker: ULID) async {
    let filters = [nil, [ReadAggregator("t")], [ReadAggregator("lost")], []] as [[ReadAggregator]?]
    for filter in filters {
      await expectLost("read") {
        _ = try await store.read(filter, routingKey: .all, args: .forward(after: .after(lost)))
      }
      await expectLost("read backward") {
        _ = try await store.read(filter, routingKey: .all, args: .backward(before: lost))
      }
      await expectLost("follow") {
        for try await _ in store.events(matching: filter, routingKey: .all, after: .after(lost)) {}
      }
    }
    await expectLost("acknowledge") { try await store.acknowledge("s", cursor: lost, lag: 0, workerID: worker) }
    await expectLost("save a snapshot") {
      try await store.saveSnapshot(
        SnapshotKey(type: "t", revision: "1", id: "a"), Snapshot(data: Payload("1"), cursor: lost))
    }
    await expectLost("write") {
      try await store.write(
        [.sample()], condition: WriteCondition(failIfEventsMatch: [ReadAggregator("none")], after: lost))
    }
  }

  @Test func cursorsOfLostCommitsAreRefused() async throws {
    let notices = Mutex<[String]>([])
    try await withRelayedStore({
      $0.notify = { notice in notices.withLock { $0.append(notice.message) } }
    }) { store, relay, database in
      let worker = ULID()
      var kept: [WriteResult] = []
      for _ in 0..<5 { kept.append(try await store.write([.sample()])) }
      try await store.upsertSubscriber("s", workerID: worker)
      try await save(database)
      // New names, aggregates and kinds, whose ids are given again.
      var lost: [WriteResult] = []
      for event in [NewEvent.sample(), .sample(type: "lost", of: "lost"), .sample(ULID())] {
        lost.append(try await store.write([event]))
      }
      let cursors = lost.map { $0.events[0].cursor }
      let followers = try await followers(of: store, from: cursors[2])
      #expect(try await store.log().count == 8)

      try await restore(database, behind: relay)
      for follower in followers {
        await expectLost("a follower that was at the end") { try await follower.value }
      }
      for cursor in cursors { await expectRefused(cursor, by: store, worker) }
      #expect(notices.withLock { $0.contains { $0.contains("has lost commits") } })

      // The log goes on from its new end.
      expect(try await store.log(), toHave: kept)
      #expect(await errorCode { try await store.write([.sample(version: 8)]) } == .invalidOriginalVersion)
      kept.append(try await store.write([.sample(version: 6)]))
      kept.append(try await store.write([.sample(type: "new", of: "new", version: 1)]))
      kept.append(try await store.write([.sample()]))
      for _ in 0..<3 { kept.append(try await store.write([.sample(type: "new", of: "new")])) }
      let log = try await store.log()
      expect(log, toHave: kept)
      #expect(log.map(\.node.aggregatorType) == Array(repeating: "t", count: 6) + ["new", "t", "new", "new", "new"])
      let found = try await store.read([ReadAggregator("new")], routingKey: .all, args: .forward())
      #expect(found.edges == log.filter { $0.node.aggregatorType == "new" })
      let none = try await store.read([ReadAggregator("lost")], routingKey: .all, args: .forward())
      #expect(none.edges.isEmpty)
      for cursor in cursors { await expectRefused(cursor, by: store, worker) }
      // An event with an id of the lost history is new.
      #expect(try await store.event(lost[2].events[0].id) == nil)
      let again = try await store.write([.sample(lost[2].events[0].id)])
      #expect(!again.isResend && again.events[0].cursor != lost[2].events[0].cursor)

      // A cursor from before the loss goes on, with every event.
      let start = kept[4].events[0].cursor
      let page = try await store.read(nil, routingKey: .all, args: .forward(after: .after(start)))
      #expect(page.edges.map(\.cursor) == (kept[5...] + [again]).map { $0.events[0].cursor })
      try await store.acknowledge("s", cursor: start, lag: 0, workerID: worker)
    }
  }

  /// Starts followers that have read up to a cursor, which is the end of the log.
  private func followers(of store: PostgreSQLExecutor, from end: Cursor) async throws -> [Task<Void, any Error>] {
    let filters = [nil, [ReadAggregator("t")], [ReadAggregator("lost")]] as [[ReadAggregator]?]
    var followers: [Task<Void, any Error>] = []
    for filter in filters {
      let hasRead = Atomic(false)
      // Each page is requested after the one before it.
      let pages = store.events(matching: filter, routingKey: .all, after: .beginning)
      followers.append(
        Task {
          for try await edge in pages where filter != nil || edge.cursor == end {
            hasRead.store(true, ordering: .relaxed)
          }
        })
      while !hasRead.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(5)) }
    }
    return followers
  }

  /// A gateway keeps the pages of streams for others. Those of a lost history are never sent, from the moment on at which
  /// the connection is lost.
  @Test func keptPagesEndWithTheirHistory() async throws {
    try await withRelayedStore { store, relay, database in
      let gateway = Gateway(
        store, configuration: GatewayConfiguration(),
        log: Logger(label: "evento", factory: { _ in SwiftLogNoOpLogHandler() }))
      let server = try HTTPServer.start(
        on: [.tcp(host: "127.0.0.1", port: 0)], configuration: ServerConfiguration(), handler: gateway)
      let client = HTTPClient(port: try #require(server.addresses.first?.port))
      let start = try await store.write([.sample()]).events[0].cursor
      let target = "/events/stream?after=\(start)"
      try await save(database)
      try await store.write([.sample(type: "lost", of: "lost")])
      // It stays open, and with it the pages of its filter.
      let connection = try RawConnection(port: client.port)
      try await connection.send(client.message("GET", target, nil, []))
      var responses = HTTPResponseReader(connection)
      let first = try await responses.beginning { $0.contains("\"lost\"") }
      #expect(first.status == 200)

      let epoch = store.epoch
      relay.refuse()
      relay.cut()
      while store.epoch == epoch { try await Task.sleep(for: .milliseconds(5)) }
      let meanwhile = try await client.beginning("GET", target) { $0.contains("\"lost\"") }
      #expect(meanwhile.status == 503 && !meanwhile.text.contains("\"lost\""))

      try await restore(database, behind: relay)
      try await store.write([.sample(type: "new", of: "new")])
      let later = try await client.beginning("GET", target) { $0.contains("\"new\"") }
      #expect(later.status == 200 && later.text.contains("\"new\"") && !later.text.contains("\"lost\""))
      gateway.closeStreams()
      await server.shutDown(grace: .seconds(5))
    }
  }

  /// A commit of this gateway that was announced, but lost before its notification arrived. Others take its position.
  @Test func followersAreWokenAfterTheLossOfAnAnnouncedCommit() async throws {
    try await withRelayedStore { store, relay, _ in
      let first = try await store.write([.sample()])
      store.announcer.announce(LogPosition(position: position(of: first.events[0].cursor) + 10, commitID: 1))
      let count = store.announcer.signal.count
      relay.cut()
      try await store.write([.sample()])
      let deadline = ContinuousClock.now + .seconds(30)
      while store.announcer.signal.count == count, ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(5))
      }
      #expect(store.announcer.signal.count > count)
    }
  }
}
