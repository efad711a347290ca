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

  private struct Key: Hashable {
    let aggregate: Int64
    let property: Property
    let value: Int64
  }

  private let connection: Connection
  /// The latest block that is in the index. Entries are only ever added, so that what was entered once may be kept.
  private var latestBlocks = TwoGenerationCache<Key, Int64>(limit: cacheLimit)
  /// The columns of entries that are not inserted yet, one entry after the other.
  private var entries: [Int64] = []

  private static let cacheLimit = 16_384
  /// Where a block has an event of a value already, that one is the first, and stays.
  private static let insertion = MultiRowInsertion(
    into: "sparse_index", ["aggregate", "property", "value", "block", "first"], upTo: 32, onConflict: "DO NOTHING")

  init(_ connection: Connection) {
    self.connection = connection
  }

  /// The block of an event. The first one, 0, is not in the index.
  static func block(ofVersion version: Int64) -> Int64 {
    (version - 1) / Schema.blockLength
  }

  /// Adds the entries of an event, which comes after all others in the log.
  mutating func add(_ row: borrowing NewEventRow) {
    guard row.version > Schema.blockLength else { return }
    let block = Self.block(ofVersion: Int64(row.version))
    let lane = Key(aggregate: row.aggregate, property: .lane, value: row.lane.id)
    // A lane has one kind and one routing key: these are in the index where it is.
    guard latestBlocks.value(at: lane) != block else { return }
    for key in [
      lane, Key(aggregate: row.aggregate, property: .kind, value: row.kind),
      Key(aggregate: row.aggregate, property: .routingKey, value: row.lane.routingKey),
    ] where latestBlocks.value(at: key) != block {
      entries += [key.aggregate, key.property.rawValue, key.value, block, row.position]
      latestBlocks.keep(block, at: key)
    }
  }

  /// Inserts what was added.
  mutating func flush() throws(SQLiteFailure) {
    guard !entries.isEmpty else { return }
    defer { entries.removeAll(keepingCapacity: true) }
    try Self.insertion.insert(entries, on: connection)
  }

  /// After a transaction that was undone.
  mutating func forget() {
    entries.removeAll()
    latestBlocks.removeAll()
  }
}
