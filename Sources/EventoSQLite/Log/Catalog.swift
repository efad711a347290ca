internal import CSQLite
internal import Evento

/// The integers that stand for texts in the log, on one connection.
///
/// Rows of these tables are only ever added, so what was read once may be kept; only what a transaction added and then
/// undid must be forgotten. What is kept is bounded: what is read later takes the place of what was read before.
final class Catalog {
  private let connection: Connection
  private var kinds = RecentCache<KindName, Int64>(limit: bound)
  private var lanes = RecentCache<Lane, Int64>(limit: bound)
  private let laneNames: SlotCache<LaneNames>
  private let aggregateKeys: SlotCache<String>

  /// Kinds, and lanes, that a writer remembers.
  private static let bound = 8192
  /// Aggregates that are read at once; a power of two.
  private static let neighbours: Int64 = 8
  /// Lanes whose names, and aggregates whose ids are kept, each with texts of at most 255 bytes.
  private static let slots = 1 << 15

  init(_ connection: Connection, slots: Int = Catalog.slots) {
    self.connection = connection
    laneNames = SlotCache(limit: slots)
    aggregateKeys = SlotCache(limit: slots)
  }

  func forget() {
    kinds.removeAll()
    lanes.removeAll()
    laneNames.removeAll()
    aggregateKeys.removeAll()
  }

  // MARK: From texts to integers; `nil` where the log has none such

  /// What stands for "no routing key".
  static let noRoutingKey: Int64 = 0

  func text(_ value: String) throws(SQLiteFailure) -> Int64? {
    try connection.integer("SELECT id FROM text WHERE value = ?1", .text(value))
  }

  func routingKey(_ key: String?) throws(SQLiteFailure) -> Int64? {
    guard let key else { return Self.noRoutingKey }
    return try text(key)
  }

  func kind(type: Int64, name: Int64) throws(SQLiteFailure) -> Int64? {
    try connection.integer("SELECT id FROM kind WHERE type = ?1 AND name = ?2", .integer(type), .integer(name))
  }

  func kinds(ofType type: Int64) throws(SQLiteFailure) -> [Int64] {
    try connection.all("SELECT id FROM kind WHERE type = ?1", .integer(type)) { $0.integer(0) }
  }

  func lane(kind: Int64, routingKey: Int64) throws(SQLiteFailure) -> Int64? {
    try connection.integer(
      "SELECT id FROM lane WHERE routing_key = ?1 AND kind = ?2", .integer(routingKey), .integer(kind))
  }

  func lanes(ofRoutingKey routingKey: Int64) throws(SQLiteFailure) -> [Int64] {
    try connection.all("SELECT id FROM lane WHERE routing_key = ?1", .integer(routingKey)) { $0.integer(0) }
  }

  func aggregate(type: String, key: String) throws(SQLiteFailure) -> Int64? {
    try connection.integer(
      "SELECT id FROM aggregate WHERE type = (SELECT id FROM text WHERE value = ?1) AND key = ?2", .text(type),
      .text(key))
  }

  // MARK: From texts to integers, adding what is new

  private struct KindName: Hashable {
    let type: ExactText
    let name: ExactText
  }

  private struct Lane: Hashable {
    let kind: Int64
    let routingKey: ExactText?
  }

  func addText(_ value: String) throws(SQLiteFailure) -> Int64 {
    if let id = try text(value) { return id }
    try connection.run("INSERT INTO text (value) VALUES (?1)", .text(value))
    return connection.lastInsertedRow
  }

  func addKind(type: String, name: String) throws(SQLiteFailure) -> Int64 {
    let key = KindName(type: ExactText(type), name: ExactText(name))
    if let id = kinds.value(at: key) { return id }
    let (type, name) = (try addText(type), try addText(name))
    let id: Int64
    if let known = try kind(type: type, name: name) {
      id = known
    } else {
      try connection.run("INSERT INTO kind (type, name) VALUES (?1, ?2)", .integer(type), .integer(name))
      id = connection.lastInsertedRow
    }
    kinds.keep(id, at: key)
    return id
  }

  func addLane(kind: Int64, routingKey: String?) throws(SQLiteFailure) -> Int64 {
    let key = Lane(kind: kind, routingKey: routingKey.map(ExactText.init))
    if let id = lanes.value(at: key) { return id }
    var text = Self.noRoutingKey
    if let routingKey { text = try addText(routingKey) }
    let id: Int64
    if let known = try lane(kind: kind, routingKey: text) {
      id = known
    } else {
      try connection.run("INSERT INTO lane (routing_key, kind) VALUES (?1, ?2)", .integer(text), .integer(kind))
      id = connection.lastInsertedRow
    }
    lanes.keep(id, at: key)
    return id
  }

  func addAggregate(type: String, key: String) throws(SQLiteFailure) -> Int64 {
    try connection.run(
      "INSERT INTO aggregate (type, key) VALUES (?1, ?2)", .integer(try addText(type)), .text(key))
    return connection.lastInsertedRow
  }

  // MARK: From integers to texts

  struct LaneNames {
    let type: String
    let name: String
    let routingKey: String?
  }

  func names(ofLane lane: Int64) throws(SQLiteFailure) -> LaneNames {
    if let names = laneNames[lane] { return names }
    let names = try connection.first(
      """
      SELECT type.value, name.value, routing_key.value
      FROM lane JOIN kind ON kind.id = lane.kind
        JOIN text AS type ON type.id = kind.type
        JOIN text AS name ON name.id = kind.name
        LEFT JOIN text AS routing_key ON routing_key.id = lane.routing_key
      WHERE lane.id = ?1
      """, .integer(lane)
    ) { row in LaneNames(type: row.text(0), name: row.text(1), routingKey: row.isNull(2) ? nil : row.text(2)) }
    guard let names else { throw Self.missing("lane", lane) }
    laneNames.keep(names, at: lane)
    return names
  }

  /// Reads a few neighbours, too: aggregates whose events lie beside each other in the log have often begun one after
  /// the other, and to begin a query takes longer than to read eight rows.
  func key(ofAggregate aggregate: Int64) throws(SQLiteFailure) -> String {
    if let key = aggregateKeys[aggregate] { return key }
    let first = aggregate & ~(Self.neighbours - 1)
    var found: String?
    let statement = try connection.statement("SELECT id, key FROM aggregate WHERE id BETWEEN ?1 AND ?2")
    defer { statement.reset() }
    try statement.bind(1, first)
    try statement.bind(2, first + Self.neighbours - 1)
    while try statement.step() {
      let (id, key) = (statement.integer(0), statement.text(1))
      if id == aggregate { found = key }
      aggregateKeys.keep(key, at: id)
    }
    guard let found else { throw Self.missing("aggregate", aggregate) }
    return found
  }

  private static func missing(_ table: String, _ id: Int64) -> SQLiteFailure {
    SQLiteFailure(
      code: SQLITE_CORRUPT, message: "an event names \(table) \(id), which is not there", action: "read an event")
  }
}
