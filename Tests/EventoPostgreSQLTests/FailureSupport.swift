import Dispatch
import Evento
import EventoStorage
import TestSupport
import Testing

@testable import EventoPostgreSQL

/// The server of the tests that write much. It does not wait for the disk: whatever happens to it here, the machine's
/// memory outlives it.
enum FastServer {
  static var shared: PostgreSQLServer {
    get async throws { try await start.value }
  }

  private static let start = Task.detached { try await own(["max_connections": "400"]) }

  /// Starts a server for one test.
  static func own(_ settings: [String: String] = [:]) async throws -> PostgreSQLServer {
    try await .start(settings: ["fsync": "off", "full_page_writes": "off"].merging(settings) { $1 })
  }
}

/// Runs a test on a store whose server is behind a relay.
func withRelayedStore<Value>(
  _ change: (inout PostgreSQLConfiguration) -> Void = { _ in },
  _ body: (PostgreSQLExecutor, Relay, PostgreSQLServer.Database) async throws -> Value
) async throws -> Value {
  try await FastServer.shared.withDatabase { database in
    let relay = try Relay()
    defer { relay.stop() }
    relay.setTarget(database.server.port)
    var configuration = PostgreSQLConfiguration(url: database.url(port: relay.port))
    change(&configuration)
    return try await withStore(configuration) { store in try await body(store, relay, database) }
  }
}

/// Runs a test on a store without a relay.
///
/// - Parameter server: The server; `nil` for the shared one.
func withStore<Value>(
  on server: PostgreSQLServer? = nil, _ change: (inout PostgreSQLConfiguration) -> Void = { _ in },
  _ body: (PostgreSQLExecutor, PostgreSQLServer.Database) async throws -> Value
) async throws -> Value {
  let shared = try await FastServer.shared
  return try await (server ?? shared).withDatabase { database in
    var configuration = PostgreSQLConfiguration(url: database.url)
    change(&configuration)
    return try await withStore(configuration) { try await body($0, database) }
  }
}

/// Expects that `body` throws `unavailable`, with a text in its detail.
func expectUnavailable(
  _ text: String? = nil, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async throws {
  do {
    try await body()
    Issue.record("no error", sourceLocation: sourceLocation)
  } catch let error as EventoError {
    let hasText = text.map { error.detail.contains($0) } ?? true
    #expect(error.code == .unavailable && hasText, "\(error)", sourceLocation: sourceLocation)
  }
}

extension PostgreSQLServer.Database {
  /// Terminates all connections of the stores, as a failover does.
  func terminateAll() async throws {
    try await psql(
      """
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
      """)
  }

  /// Returns once a query returns something.
  func wait(for query: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      let result = try await psql(query)
      if !result.isEmpty { return result }
      try await Task.sleep(for: .milliseconds(10))
    }
    return try #require(nil, "\(query)", sourceLocation: sourceLocation)
  }
}

extension PostgreSQLServer.Database {
  /// Locks the log for the time of `body`.
  ///
  /// - Parameter isChanged: True if it is different afterwards, as after a commit of another gateway.
  func withLockedLog(isChanged: Bool = false, _ body: () async throws -> Void) async throws {
    let isLocked = CancellationFlag()
    let mustRelease = DispatchSemaphore(value: 0)
    async let holder: Void = withConnection(url) { connection in
      try connection.run(.begin)
      try connection.run(.once("SET LOCAL idle_in_transaction_session_timeout = 0"))
      try connection.run(.once("SELECT FROM store FOR UPDATE"))
      isLocked.set()
      mustRelease.wait()
      guard isChanged else { return connection.rollBack() }
      try connection.run(.once("UPDATE store SET term = term + 1"))
      try connection.run(.once("SET LOCAL synchronous_commit = local"))
      try connection.run(.commit)
    }
    while !isLocked.isSet { try await Task.sleep(for: .milliseconds(5)) }
    let outcome: Result<Void, any Error>
    do {
      outcome = .success(try await body())
    } catch {
      outcome = .failure(error)
    }
    mustRelease.signal()
    try await holder
    try outcome.get()
  }
}

extension PostgreSQLExecutor {
  /// Returns once the store can be read: after an outage, reads fail until the next attempt to connect.
  func waitUntilReadable() async throws {
    while await errorCode({ _ = try await eventCount() }) == .unavailable {
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Returns all events of the log.
  func log() async throws -> [Edge<Event>] {
    var edges: [Edge<Event>] = []
    var start = Args.Start.beginning
    while true {
      let page = try await read(nil, routingKey: .all, args: .forward(first: 1000, after: start))
      edges += page.edges
      guard page.pageInfo.hasNextPage, let end = page.pageInfo.endCursor else { return edges }
      start = .after(end)
    }
  }
}

extension NewEvent {
  static func sample(_ id: ULID? = nil, type: String = "t", of aggregate: String = "a", version: Int? = nil) -> NewEvent
  {
    NewEvent(
      id: id, aggregatorType: type, aggregatorID: aggregate, version: version, name: "n", data: Payload(#"{"a":1}"#))
  }
}

/// Checks that a log has the events of writes, each once, and no others, in an unbroken order.
func expect(
  _ log: [Edge<Event>], toHave results: [WriteResult], sourceLocation: SourceLocation = #_sourceLocation
) {
  let written = results.flatMap(\.events).sorted { position(of: $0.cursor) < position(of: $1.cursor) }
  #expect(
    log.map(\.cursor) == written.map(\.cursor) && log.map(\.node.id) == written.map(\.id)
      && log.map(\.node.version) == written.map(\.version), "\(log.count) events, \(written.count) results",
    sourceLocation: sourceLocation)
  #expect(log.map { position(of: $0.cursor) } == log.indices.map { Int64($0 + 1) }, sourceLocation: sourceLocation)
  for (aggregate, edges) in Dictionary(grouping: log, by: { $0.node.aggregatorID }) {
    #expect(edges.map(\.node.version) == Array(1...edges.count), "\(aggregate)", sourceLocation: sourceLocation)
  }
}

func position(of cursor: Cursor) -> Int64 { LogPosition(cursor)?.position ?? -1 }
