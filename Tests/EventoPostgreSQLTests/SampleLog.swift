import Evento
import EventoStorage
import TestSupport

@testable import EventoPostgreSQL

/// A log that is inserted by SQL, in which every form of filter selects events by all of its indexes: a type with more
/// kinds, routing keys with more lanes, and an aggregate with more events than are found one by one.
struct SampleLog {
  let events: Int

  static let types = 20
  static let routingKeys = 3
  static let aggregates = 500

  /// A type with more than 32 kinds.
  static let largeType = "t1"
  /// The aggregate of every tenth event.
  static let largeAggregate = ReadAggregator("t2", id: "a1")

  var end: LogPosition { LogPosition(position: Int64(events), commitID: Int64(events) + 1000) }

  func position(_ position: Int) -> LogPosition {
    LogPosition(position: Int64(position), commitID: position == 0 ? 7 : Int64(position) + 1000)
  }

  /// Texts are the types, then the names, then the routing keys. Every event has a commit of its own.
  func insert(into database: PostgreSQLServer.Database) async throws {
    try await database.psql(
      """
      INSERT INTO text SELECT row_number() OVER (ORDER BY part, g), prefix || g FROM (
        SELECT 1 AS part, 't' AS prefix, g FROM generate_series(1, \(Self.types)) g
        UNION ALL SELECT 2, 'n', g FROM generate_series(1, 60) g
        UNION ALL SELECT 3, 'k', g FROM generate_series(1, \(Self.routingKeys)) g
      ) AS texts;
      INSERT INTO kind SELECT row_number() OVER (ORDER BY name, type), type, \(Self.types) + name, name > 32 FROM (
        SELECT type, name FROM generate_series(1, \(Self.types)) type
          CROSS JOIN LATERAL generate_series(1, CASE type WHEN 1 THEN 60 ELSE 12 END) name
      ) AS kinds;
      INSERT INTO lane SELECT number, routing_key, kind,
          row_number() OVER (PARTITION BY routing_key ORDER BY number) > 256
        FROM (
          SELECT row_number() OVER (ORDER BY kind.id, key) AS number,
            CASE key WHEN 0 THEN 0 ELSE \(Self.types) + 60 + key END AS routing_key, kind.id AS kind
          FROM kind CROSS JOIN generate_series(0, \(Self.routingKeys)) key
        ) AS lanes;
      INSERT INTO aggregate SELECT g, 1 + g % \(Self.types), 'a' || g FROM generate_series(1, \(Self.aggregates)) g;
      INSERT INTO event
      SELECT position, position + 1000, aggregate, row_number() OVER (PARTITION BY aggregate ORDER BY position),
        1700000000000 + position, lpad(to_hex(position), 32, '0')::uuid, kind.type, kind.id, lane.id, lane.routing_key,
        kind.is_late, lane.is_late, true,
        CASE WHEN position % 3 = 0 THEN convert_to('{"m":' || position || '}', 'UTF8') END,
        convert_to('{"n":' || position || '}', 'UTF8'), a.key, 0
      FROM (
        SELECT position,
          CASE WHEN position % 10 = 0 THEN 1 ELSE 2 + (position * 7919) % \(Self.aggregates - 1) END AS aggregate
        FROM generate_series(1, \(events)) AS position
      ) AS events
      JOIN aggregate AS a ON a.id = aggregate
      JOIN kind ON kind.type = a.type
        AND kind.name = \(Self.types) + 1 + (position * 31 / 7) % CASE a.type WHEN 1 THEN 60 ELSE 12 END
      JOIN lane ON lane.kind = kind.id
        AND lane.routing_key = CASE position % 4 WHEN 0 THEN 0 ELSE \(Self.types) + 60 + position % 4 END
      ORDER BY position;
      UPDATE store SET origin = 7, position = \(events), commit_id = \(events) + 1000,
        texts = (SELECT max(id) FROM text), kinds = (SELECT max(id) FROM kind), lanes = (SELECT max(id) FROM lane),
        aggregates = \(Self.aggregates);
      ANALYZE
      """)
    try await database.fillChecksums()
  }

  /// A filter of each form: of few events, of many, and some that match nothing.
  static let filters: [ReadAggregator] = [
    ReadAggregator("t1"), ReadAggregator("t2"), ReadAggregator("t9"), ReadAggregator("t2", name: "n1"),
    ReadAggregator("t1", name: "n3"), ReadAggregator("t1", name: "n59"), ReadAggregator("t4", id: "a3"),
    largeAggregate, ReadAggregator("t2", id: "a1", name: "n2"), ReadAggregator("t1", id: "a40", name: "n50"),
    ReadAggregator("t4", id: "a3", name: "n5"), ReadAggregator("missing"), ReadAggregator("t1", name: "missing"),
    ReadAggregator("t1", id: "missing"), ReadAggregator("t1", id: "a1"),
    // A text that is stored, but not as a name.
    ReadAggregator("t2", id: "a1", name: "k1"), ReadAggregator("k1"),
  ]

  static let routings: [RoutingKey] = [.all, .value(nil), .value("k1"), .value("k3"), .value("missing"), .value("t1")]
}

extension PostgreSQLServer.Database {
  /// Computes the checksums of events that were changed by SQL.
  func fillChecksums() async throws {
    let url = url
    try await onThread {
      try ChecksumFilling(connection: Connection(try ConnectionSettings(url))).fillEvents(after: 0)
    }
  }
}

/// Runs a test on a store with a log, and closes it.
func withStore<Value>(
  events: Int, _ change: (inout PostgreSQLConfiguration) -> Void = { _ in },
  _ body: (PostgreSQLExecutor, SampleLog, PostgreSQLServer.Database) async throws -> Value
) async throws -> Value {
  try await PostgreSQLServer.shared.withDatabase { database in
    var configuration = PostgreSQLConfiguration(url: database.url)
    change(&configuration)
    return try await withStore(configuration) { store in
      let log = SampleLog(events: events)
      if events > 0 { try await log.insert(into: database) }
      return try await body(store, log, database)
    }
  }
}

/// Runs a test on a store, and closes it.
func withStore<Value>(
  _ configuration: PostgreSQLConfiguration, _ body: (PostgreSQLExecutor) async throws -> Value
) async throws -> Value {
  let store = try await PostgreSQLExecutor.open(configuration)
  let result: Result<Value, any Error>
  do {
    result = .success(try await body(store))
  } catch {
    result = .failure(error)
  }
  await store.close()
  return try result.get()
}

/// Returns the code of the error that `body` throws; `nil` if it throws none.
func errorCode(_ body: () async throws -> Void) async -> EventoError.Code? {
  do {
    try await body()
    return nil
  } catch {
    return EventoError(wrapping: error).code
  }
}
