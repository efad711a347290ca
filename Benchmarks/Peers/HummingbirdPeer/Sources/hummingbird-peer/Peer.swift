import Foundation
import GRDB
import Hummingbird

/// `hummingbird-peer PORT DATABASE`
@main
enum Peer {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let port = Int(arguments[1]) else { fatalError("hummingbird-peer PORT DATABASE") }
    let store = try Store(path: arguments[2])
    let router = Router()
    router.get("healthz") { _, _ in Health(status: "ok") }
    router.post("events") { request, context in
      let write = try await request.decode(as: Write.self, context: context)
      return EditedResponse(status: .created, response: Written(events: try await store.write(write.events)))
    }
    router.get("events") { request, _ in
      let parameters = request.uri.queryParameters
      let after = parameters["after"].flatMap { Int64($0) } ?? 0
      return Page(edges: try await store.page(after: after, first: 100))
    }
    let application = Application(
      router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)))
    try await application.runService()
  }
}

struct Health: ResponseCodable {
  let status: String
}

struct Payload: Codable {
  let text: String
}

// Named as in the JSON, so that no coding key has to be translated.
// swift-format-ignore: AlwaysUseLowerCamelCase
struct NewEvent: Codable {
  let aggregator_type: String
  let aggregator_id: String
  let version: Int
  let name: String
  let data: Payload
}

struct Write: Codable {
  let events: [NewEvent]
}

// swift-format-ignore: AlwaysUseLowerCamelCase
struct Event: ResponseCodable, FetchableRecord, PersistableRecord {
  static let databaseTableName = "event"
  var position: Int64?
  let id: String
  let aggregator_type: String
  let aggregator_id: String
  let version: Int
  let name: String
  let data: Payload
  let timestamp: Int64

  mutating func didInsert(_ inserted: InsertionSuccess) {
    position = inserted.rowID
  }
}

struct Edge: ResponseCodable {
  let cursor: String
  let node: Event
}

struct Page: ResponseCodable {
  let edges: [Edge]
}

struct Written: ResponseCodable {
  let events: [Event]
}

struct Store {
  private let pool: DatabasePool

  init(path: String) throws {
    var configuration = Configuration()
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA wal_autocheckpoint = 4000") }
    pool = try DatabasePool(path: path, configuration: configuration)
    // A pool sets NORMAL; an answered write must be on disk here too.
    try pool.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA synchronous = FULL")
      guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else { fatalError("synchronous is not FULL") }
    }
    try pool.write {
      try $0.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS event (
            position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, aggregator_type TEXT NOT NULL,
            aggregator_id TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL,
            timestamp INTEGER NOT NULL, UNIQUE (aggregator_type, aggregator_id, version));
          CREATE INDEX IF NOT EXISTS event_by_name ON event (aggregator_type, name);
          """)
    }
  }

  func write(_ events: [NewEvent]) async throws -> [Event] {
    try await pool.write { database in
      try events.map { event in
        try Event(
          id: UUID().uuidString, aggregator_type: event.aggregator_type, aggregator_id: event.aggregator_id,
          version: event.version, name: event.name, data: event.data,
          timestamp: Int64(Date().timeIntervalSince1970 * 1000)
        ).inserted(database)
      }
    }
  }

  func page(after position: Int64, first count: Int) async throws -> [Edge] {
    try await pool.read { database in
      try Event.filter(Column("position") > position).order(Column("position")).limit(count).fetchAll(database)
        .map { Edge(cursor: String($0.position ?? 0), node: $0) }
    }
  }
}
