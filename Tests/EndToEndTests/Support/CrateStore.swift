import Foundation

@testable import EventoSQLite

/// A store of the Rust crate `evento` 2.0, with the tables that its crate `evento-sql-migrator` makes.
struct CrateStore {
  let connection: Connection

  init(_ path: String) throws {
    connection = try Connection(path: path, busyTimeout: .seconds(1))
    try connection.execute(
      """
      CREATE TABLE "event" ( "id" varchar(26) NOT NULL PRIMARY KEY, "name" varchar(50) NOT NULL,
        "aggregator_type" varchar(50) NOT NULL, "aggregator_id" varchar(64) NOT NULL, "version" integer NOT NULL,
        "data" blob NOT NULL, "metadata" blob NOT NULL, "routing_key" varchar(50), "timestamp" bigint NOT NULL );
      CREATE INDEX "idx_event_type" ON "event" ("aggregator_type");
      CREATE INDEX "idx_event_type_id" ON "event" ("aggregator_type", "aggregator_id");
      CREATE INDEX "idx_event_routing_key_type" ON "event" ("routing_key", "aggregator_type");
      CREATE UNIQUE INDEX "idx_event_type_id_version" ON "event" ("aggregator_type", "aggregator_id", "version");
      CREATE TABLE IF NOT EXISTS "snapshot" ( "id" varchar(64) NOT NULL, "type" varchar(50) NOT NULL,
        "cursor" varchar NOT NULL, "revision" varchar NOT NULL, "data" blob NOT NULL,
        "created_at" timestamp_with_timezone_text NOT NULL DEFAULT CURRENT_TIMESTAMP,
        "updated_at" timestamp_with_timezone_text NULL, PRIMARY KEY ("type", "id") );
      CREATE TABLE IF NOT EXISTS "subscriber" ( "key" varchar(50) NOT NULL PRIMARY KEY,
        "worker_id" varchar(26) NOT NULL, "cursor" varchar, "lag" integer NOT NULL,
        "enabled" boolean NOT NULL DEFAULT TRUE,
        "created_at" timestamp_with_timezone_text NOT NULL DEFAULT CURRENT_TIMESTAMP,
        "updated_at" timestamp_with_timezone_text NULL );
      ALTER TABLE "event" ADD COLUMN "timestamp_subsec" bigint NOT NULL DEFAULT 0;
      """)
  }

  struct Row {
    var id: String
    var type = "myapp/Account"
    var aggregate: String
    var version: Int
    var data: [UInt8] = []
    var metadata: [UInt8] = CrateStore.metadata("01JD000000000000000000000M")
    var routingKey: String?
    var seconds = 1_700_000_000
    var subsecond = 0

    /// The row's place in the order of the crate, encoded by the crate bitcode, in base64.
    var cursor: String {
      let bytes =
        CrateStore.string(id) + CrateStore.little(version, 2) + CrateStore.packed(seconds, 8)
        + CrateStore.packed(subsecond, 4)
      return Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    }
  }

  func add(_ row: Row) throws {
    try connection.run(
      """
      INSERT INTO event (id, name, aggregator_type, aggregator_id, version, data, metadata, routing_key, timestamp,
        timestamp_subsec) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
      """, .text(row.id), .text("Opened"), .text(row.type), .text(row.aggregate), .integer(Int64(row.version)),
      .blob(row.data), .blob(row.metadata), row.routingKey.map { .text($0) } ?? .null, .integer(Int64(row.seconds)),
      .integer(Int64(row.subsecond)))
  }

  // MARK: The crate bitcode 0.6, as far as it is needed here

  /// Metadata with at most two values.
  static func metadata(_ id: String, _ values: [(String, [UInt8])] = []) -> [UInt8] {
    let bytes = values.flatMap(\.1)
    return string(id) + [UInt8(values.count)] + values.map { UInt8($0.0.utf8.count) } + values.flatMap { $0.0.utf8 }
      + values.map { UInt8($0.1.count) } + (bytes.count > 2 ? [0] : []) + bytes
  }

  static func string(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }

  private static func little(_ number: Int, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  /// One integer, in as few bytes as it needs.
  private static func packed(_ number: Int, _ size: Int) -> [UInt8] {
    var (width, header) = (size, 0)
    while width > 1, number < 1 << (width * 4) { (width, header) = (width / 2, header + 2) }
    return [UInt8(header)] + little(number, width)
  }
}
