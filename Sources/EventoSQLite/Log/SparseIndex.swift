internal import Evento
internal import EventoStorage

/// The writer of the sparse index of long aggregates. The index has, for each block of an aggregate, the first event of
/// each kind, routing key and lane (``Schema``).
struct SparseIndex {
  /// A property of events that is indexed.
  enum Property: Int64 {
    case kind = 0
    case routingKey = 1
    case lane = 2
  }

  private struct Key: Hashable {
    let aggregate: Int64
    let property: Property
    let value: Int64
  }

  private let connection: Connection
  /// The latest block in the index, by key. Entries are only added, so they can be cached.
  private var latestBlocks = TwoGenerationCache<Key, Int64>(limit: cacheLimit)
  /// The columns of entries that are not inserted yet, one entry after the other.
  private var entries: [Int64] = []

  private static let cacheLimit = 16_384
  /// If the index already has an entry for a block, that one is the first, and is kept.
  private static let insertion = MultiRowInsertion(
    into: "sparse_index", ["aggregate", "property", "value", "block", "first"], upTo: 32, onConflict: "DO NOTHING")

  init(_ connection: Connection) {
    self.connection = connection
  }

  /// Returns the block of an event. The first block, 0, is not in the index.
  static func block(ofVersion version: Int64) -> Int64 {
    (version - 1) / IndexLimits.blockLength
  }

  /// Adds the entries of an event that follows all others in the log.
  mutating func add(_ row: borrowing NewEventRow) {
    guard row.version > IndexLimits.blockLength else { return }
    let block = Self.block(ofVersion: Int64(row.version))
    let lane = Key(aggregate: row.aggregate, property: .lane, value: row.lane.id)
    // A lane has one kind and one routing key. If the index has the lane, it has these too.
    guard latestBlocks.value(at: lane) != block else { return }
    for key in [
      lane, Key(aggregate: row.aggregate, property: .kind, value: row.kind),
      Key(aggregate: row.aggregate, property: .routingKey, value: row.lane.routingKey),
    ] where latestBlocks.value(at: key) != block {
      entries += [key.aggregate, key.property.rawValue, key.value, block, row.position]
      latestBlocks.keep(block, at: key)
    }
  }

  /// Inserts the added entries.
  mutating func flush() throws(SQLiteFailure) {
    guard !entries.isEmpty else { return }
    defer { entries.removeAll(keepingCapacity: true) }
    try Self.insertion.insert(entries, on: connection)
  }

  /// Removes everything, after a transaction that was undone.
  mutating func forget() {
    entries.removeAll()
    latestBlocks.removeAll()
  }
}
