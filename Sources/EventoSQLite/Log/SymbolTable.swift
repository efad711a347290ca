internal import CSQLite
internal import Evento
internal import EventoStorage

/// The integers that represent texts in the log, with a bounded cache for one connection.
///
/// Rows of these tables are only added, so they can be cached. Only the rows of a transaction that was undone must be
/// removed from the cache.
final class SymbolTable {
  let connection: Connection
  private var types = TwoGenerationCache<Name, Int64>(limit: bound)
  private var kinds = TwoGenerationCache<KindName, Kind>(limit: bound)
  private var lanes = TwoGenerationCache<LaneName, Lane>(limit: bound)
  private var postingLists = TwoGenerationCache<PostingListName, PostingList>(limit: bound)
  private let laneNames: DirectMappedCache<CheckedNames>
  private let aggregateKeys: DirectMappedCache<CheckedID>

  /// The maximum number of cached types, of kinds and of lanes for a writer.
  private static let bound = 8192
  /// The number of aggregates that are read at once; a power of two.
  private static let neighbors: Int64 = 8
  /// The maximum number of lanes with cached names, and of aggregates with cached ids. Each has texts of at most 255
  /// bytes.
  private static let slots = 1 << 15

  init(_ connection: Connection, slots: Int = SymbolTable.slots) {
    self.connection = connection
    laneNames = DirectMappedCache(limit: slots)
    aggregateKeys = DirectMappedCache(limit: slots)
  }

  func forget() {
    types.removeAll()
    kinds.removeAll()
    lanes.removeAll()
    postingLists.removeAll()
    laneNames.removeAll()
    aggregateKeys.removeAll()
  }

  // MARK: From texts to integers; `nil` if the log does not have the text

  /// The integer for "no routing key".
  static let noRoutingKey: Int64 = 0
  /// The integer for "with any routing key or none" in a posting list.
  static let anyRoutingKey: Int64 = -1
  /// The integer for "all types" in a posting list.
  static let anyType: Int64 = 0

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

  /// Returns the first kinds of a type, at most ``IndexLimits/kindsPerType``: those that are in no posting list.
  func firstKinds(ofType type: Int64) throws(SQLiteFailure) -> [Int64] {
    try connection.all(
      "SELECT id FROM kind WHERE type = ?1 ORDER BY id LIMIT \(IndexLimits.kindsPerType)", .integer(type)
    ) { $0.integer(0) }
  }

  func lane(kind: Int64, routingKey: Int64) throws(SQLiteFailure) -> Int64? {
    try connection.integer(
      "SELECT id FROM lane WHERE routing_key = ?1 AND kind = ?2", .integer(routingKey), .integer(kind))
  }

  /// Returns the first lanes of a routing key, at most ``IndexLimits/lanesPerRoutingKey``: those that are not in its
  /// posting list.
  func firstLanes(ofRoutingKey routingKey: Int64) throws(SQLiteFailure) -> [Int64] {
    try connection.all(
      "SELECT id FROM lane WHERE routing_key = ?1 ORDER BY id LIMIT \(IndexLimits.lanesPerRoutingKey)",
      .integer(routingKey)
    ) { $0.integer(0) }
  }

  /// A list of the events of later kinds, or lanes.
  struct PostingList {
    let id: Int64
    /// The first kind, or lane, whose events are in the list.
    let first: Int64
  }

  /// - Parameters:
  ///   - type: ``anyType``, or the type of its events.
  ///   - routingKey: ``anyRoutingKey``, ``noRoutingKey``, or the routing key of its events.
  func postingList(type: Int64, routingKey: Int64) throws(SQLiteFailure) -> PostingList? {
    try connection.first(
      "SELECT id, first FROM posting_list WHERE type = ?1 AND routing_key = ?2", .integer(type), .integer(routingKey)
    ) { row in PostingList(id: row.integer(0), first: row.integer(1)) }
  }

  func aggregate(type: String, key: String) throws(SQLiteFailure) -> Int64? {
    try connection.integer(
      "SELECT id FROM aggregate WHERE type = (SELECT id FROM text WHERE value = ?1) AND key = ?2", .text(type),
      .text(key))
  }

  // MARK: From texts to integers, with new rows for new texts

  /// An aggregate type with an event name.
  struct Kind {
    let id: Int64
    let type: Int64
    /// The posting list of its type, if its events are in it.
    let postingList: PostingList?
  }

  /// A kind with a routing key.
  struct Lane {
    let id: Int64
    /// ``noRoutingKey``, or the routing key of its events.
    let routingKey: Int64
    /// The posting lists that contain its events.
    let postingLists: [Int64]
    /// The part of its names in the checksum of an event.
    let checksum: UInt32
  }

  private struct LaneName: Hashable {
    let kind: Int64
    let routingKey: Name?
  }

  private struct PostingListName: Hashable {
    let type: Int64
    let routingKey: Int64
  }

  /// - Returns: Its id, and whether it was added.
  private func addText(_ value: String) throws(SQLiteFailure) -> (id: Int64, isNew: Bool) {
    if let id = try text(value) { return (id, false) }
    try connection.run("INSERT INTO text (value) VALUES (?1)", .text(value))
    return (connection.lastInsertedRow, true)
  }

  private func addType(_ value: String) throws(SQLiteFailure) -> Int64 {
    let key = Name(checked: value)
    if let id = types.value(at: key) { return id }
    let id = try addText(value).id
    types.keep(id, at: key)
    return id
  }

  /// - Returns: The kind, and whether it was added.
  func addKind(type: String, name: String) throws(SQLiteFailure) -> (kind: Kind, isNew: Bool) {
    let key = KindName(type: Name(checked: type), name: Name(checked: name))
    if let kind = kinds.value(at: key) { return (kind, false) }
    let type = try addType(type)
    let (name, isNewName) = try addText(name)
    // No other row refers to a name that was just added.
    let known = isNewName ? nil : try kind(type: type, name: name)
    if known == nil {
      try connection.run("INSERT INTO kind (type, name) VALUES (?1, ?2)", .integer(type), .integer(name))
    }
    let id = known ?? connection.lastInsertedRow
    let list = try keptPostingList(type: type, routingKey: Self.anyRoutingKey, from: id) { () throws(SQLiteFailure) in
      guard known == nil else { return false }
      return try firstKinds(ofType: type).last != id
    }
    let kind = Kind(id: id, type: type, postingList: list)
    kinds.keep(kind, at: key)
    return (kind, known == nil)
  }

  /// - Parameters:
  ///   - isNewKind: True if the kind was just added, so that it has no lanes.
  ///   - type: The type of the kind.
  ///   - name: The name of the kind.
  func addLane(
    kind: Kind, isNewKind: Bool, type: String, name: String, routingKey: String?
  ) throws(SQLiteFailure) -> Lane {
    let key = LaneName(kind: kind.id, routingKey: routingKey.map(Name.init(checked:)))
    if let lane = lanes.value(at: key) { return lane }
    var text = Self.noRoutingKey
    if let routingKey { text = try addText(routingKey).id }
    let known = isNewKind ? nil : try lane(kind: kind.id, routingKey: text)
    if known == nil {
      try connection.run("INSERT INTO lane (routing_key, kind) VALUES (?1, ?2)", .integer(text), .integer(kind.id))
    }
    let id = known ?? connection.lastInsertedRow
    var lists: [Int64] = []
    if let list = kind.postingList {
      lists.append(list.id)
      let ofKey = try keptPostingList(type: kind.type, routingKey: text, from: list.first) { true }
      if let ofKey { lists.append(ofKey.id) }
    }
    let list = try keptPostingList(type: Self.anyType, routingKey: text, from: id) { () throws(SQLiteFailure) in
      guard known == nil else { return false }
      return try firstLanes(ofRoutingKey: text).last != id
    }
    if let list { lists.append(list.id) }
    let lane = Lane(
      id: id, routingKey: text, postingLists: lists,
      checksum: EventChecksum.ofNames(type: type, name: name, routingKey: routingKey))
    lanes.keep(lane, at: key)
    return lane
  }

  /// Returns the posting list of a type, a routing key or both, if it contains the events of a kind or lane.
  ///
  /// - Parameters:
  ///   - id: The id of the kind or lane.
  ///   - isNeeded: Returns whether a list must begin with that one. Called only if the list does not exist yet.
  private func keptPostingList(
    type: Int64, routingKey: Int64, from id: Int64, isNeeded: () throws(SQLiteFailure) -> Bool
  ) throws(SQLiteFailure) -> PostingList? {
    let key = PostingListName(type: type, routingKey: routingKey)
    var list = postingLists.value(at: key)
    if list == nil { list = try postingList(type: type, routingKey: routingKey) }
    if list == nil, try isNeeded() {
      try connection.run(
        "INSERT INTO posting_list (type, routing_key, first) VALUES (?1, ?2, ?3)", .integer(type),
        .integer(routingKey), .integer(id))
      list = PostingList(id: connection.lastInsertedRow, first: id)
    }
    guard let list else { return nil }
    postingLists.keep(list, at: key)
    return id >= list.first ? list : nil
  }

  func addAggregate(type: String, key: String) throws(SQLiteFailure) -> Int64 {
    try connection.run(
      "INSERT INTO aggregate (type, key) VALUES (?1, ?2)", .integer(try addType(type)), .text(key))
    return connection.lastInsertedRow
  }

  // MARK: From integers to texts

  func names(ofLane lane: Int64) throws(SQLiteFailure) -> CheckedNames {
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
    ) { row in
      CheckedNames(aggregatorType: row.text(0), name: row.text(1), routingKey: row.isNull(2) ? nil : row.text(2))
    }
    guard let names else { throw Self.missing("lane", lane) }
    laneNames.keep(names, at: lane)
    return names
  }

  /// Returns the id of an aggregate as a text. It reads a few neighbors too: aggregates whose events are close
  /// together in the log were often created one after the other, and starting a query takes longer than reading eight
  /// rows.
  func key(ofAggregate aggregate: Int64) throws(SQLiteFailure) -> CheckedID {
    if let key = aggregateKeys[aggregate] { return key }
    let first = aggregate & ~(Self.neighbors - 1)
    var found: CheckedID?
    let statement = try connection.statement("SELECT id, key FROM aggregate WHERE id BETWEEN ?1 AND ?2")
    defer { statement.reset() }
    try statement.bind(1, first)
    try statement.bind(2, first + Self.neighbors - 1)
    while try statement.step() {
      let (id, key) = (statement.integer(0), CheckedID(statement.text(1)))
      if id == aggregate { found = key }
      aggregateKeys.keep(key, at: id)
    }
    guard let found else { throw Self.missing("aggregate", aggregate) }
    return found
  }

  private static func missing(_ table: String, _ id: Int64) -> SQLiteFailure {
    SQLiteFailure(
      code: SQLITE_CORRUPT, message: "an event refers to \(table) \(id), which is missing", action: "read an event")
  }
}
