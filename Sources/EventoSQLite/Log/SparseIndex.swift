internal import Evento

/// The sparse index of long aggregates, as a writer keeps it: for each block of an aggregate, the first event of each kind,
/// routing key and lane (``Schema``).
struct SparseIndex {
  /// A column that the index has values of.
  enum Property: Int64 {
    case kind = 0
    case routingKey = 1
    case lane = 2
  }

  private struct AggregateLane: Hashable {
    let aggregate: Int64
    let lane: Int64
  }

  private let connection: Connection
  /// The latest block that is known to have an event of a lane in the index. A lane has one kind and one routing key, so
  /// these have theirs too.
  private var latestBlocks = RecentCache<AggregateLane, Int64>(limit: cacheLimit)

  private static let cacheLimit = 16_384

  init(_ connection: Connection) {
    self.connection = connection
  }

  /// The block of an event. The first one, 0, is not in the index.
  static func block(ofVersion version: Int64) -> Int64 {
    (version - 1) / Schema.blockLength
  }

  /// Enters events, those of an aggregate in the order of their versions.
  mutating func add(_ rows: [NewEventRow]) throws(SQLiteFailure) {
    for row in rows where row.version > Schema.blockLength {
      let lane = AggregateLane(aggregate: row.aggregate, lane: row.lane.id)
      let block = Self.block(ofVersion: Int64(row.version))
      guard latestBlocks.value(at: lane) != block else { continue }
      // Where the block has such an event already, that one is the first, and stays.
      try connection.run(
        """
        INSERT OR IGNORE INTO sparse_index (aggregate, block, first, property, value)
        VALUES (?1, ?2, ?3, \(Property.kind.rawValue), ?4), (?1, ?2, ?3, \(Property.routingKey.rawValue), ?5),
          (?1, ?2, ?3, \(Property.lane.rawValue), ?6)
        """, .integer(row.aggregate), .integer(block), .integer(row.position), .integer(row.kind),
        .integer(row.lane.routingKey), .integer(row.lane.id))
      latestBlocks.keep(block, at: lane)
    }
  }

  /// After a transaction that was undone.
  mutating func forget() {
    latestBlocks.removeAll()
  }
}
