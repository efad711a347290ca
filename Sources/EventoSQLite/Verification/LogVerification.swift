internal import Evento
internal import EventoStorage

/// Reads all of the log in its order, checks each event, and sums up what each index must have.
struct LogVerification {
  private let connection: Connection
  private let symbols: SymbolTable
  private let hasChecksums: Bool
  private let lanes: [Int64: LaneEntry]
  private var digest = LogDigest()
  /// The version of the latest event of each aggregate.
  private var versions: [Int64: Int64] = [:]
  /// The latest block in the sparse index.
  private var blocks: [SparseKey: Int64] = [:]
  private var gaps = GapCheck(after: 0, .forward)
  private(set) var sums = IndexSums()

  /// A lane, with what its events must have.
  struct LaneEntry {
    let routingKey: Int64
    let kind: Int64
    /// The posting lists that have its events.
    let postingLists: [Int64]
  }

  private struct SparseKey: Hashable {
    let aggregate: Int64
    let property: Int64
    let value: Int64
  }

  /// - Parameter hasChecksums: False for a store of a schema without them.
  init(_ connection: Connection, _ lanes: [Int64: LaneEntry], hasChecksums: Bool) {
    self.connection = connection
    self.lanes = lanes
    self.hasChecksums = hasChecksums
    symbols = SymbolTable(connection)
  }

  /// The columns of ``EventRow/columns``, without the case of large payloads, and the kind.
  private var query: String {
    """
    SELECT position, tag, id, aggregate, version, lane, timestamp, is_json, metadata, data,
      \(hasChecksums ? "checksum" : "NULL"), kind
    FROM event ORDER BY position
    """
  }

  /// Reads the log.
  ///
  /// - Parameter progress: Called for each event with its position.
  mutating func run(into result: inout Verification, progress: (Int64) -> Void) throws(SQLiteFailure) {
    let row = try connection.statement(query)
    defer { row.reset() }
    while try row.step() {
      let position = EventRow.position(row)
      try check(row, at: position, &result)
      progress(position.position)
    }
    result.digest = digest.value()
    digest = LogDigest()
  }

  private mutating func check(
    _ row: Statement, at position: LogPosition, _ result: inout Verification
  ) throws(SQLiteFailure) {
    let number = position.position
    if let gap = gaps.gap(before: number), let first = gap.first, let last = gap.last {
      result.report(
        "\(first == last ? "Event \(first) is" : "Events \(first) to \(last) are") missing from the log.")
    }
    let (metadata, data) = (row.bytes(8), row.bytes(9))
    result.events += 1
    result.bytes += data.count + max(metadata.count, Metadata().bytes.count)
    let values: EventValues
    do throws(SQLiteFailure) {
      values = try EventValues(row, at: position, symbols)
    } catch {
      guard error.isDamage else { throw error }
      return result.report("Event \(number) is damaged (\(error.message)).")
    }
    if hasChecksums, values.checksum(data) != row.integer(10) {
      result.report("Event \(number) does not have its checksum.")
    }
    if !EventRow.isErased(row), Payload(Array(data)).isJSON != EventRow.isJSON(row) {
      result.report("The payload of event \(number) is not as its row marks it, as JSON or as bytes.")
    }
    values.withView(data) { digest.add($0) }
    addToIndexes(row, number, &result)
  }

  private mutating func addToIndexes(_ row: Statement, _ position: Int64, _ result: inout Verification) {
    let (aggregate, version) = (row.integer(3), row.integer(4))
    let (lane, kind) = (row.integer(5), row.integer(11))
    let latest = versions[aggregate, default: 0]
    if version != latest + 1 {
      result.report("Event \(position) has version \(version) of its aggregate, but the one before it has \(latest).")
    }
    versions[aggregate] = version
    let id = row.ulid(2)
    sums.byID.add(id.high ^ IndexSum.mixed(id.low), position)
    sums.byAggregate.add(aggregate, position)
    sums.byKind.add(kind, position)
    sums.byLane.add(lane, position)
    guard let entry = lanes[lane] else { return }
    if entry.kind != kind { result.report("Event \(position) has kind \(kind), but its lane has \(entry.kind).") }
    for list in entry.postingLists { sums.posting.add(list, position) }
    guard version > IndexLimits.blockLength else { return }
    let block = SparseIndex.block(ofVersion: version)
    for (property, value) in [
      (SparseIndex.Property.kind, kind), (.routingKey, entry.routingKey), (.lane, lane),
    ] {
      let key = SparseKey(aggregate: aggregate, property: property.rawValue, value: value)
      guard blocks.updateValue(block, forKey: key) != block else { continue }
      sums.sparse.add(IndexSum.mixed(aggregate, property.rawValue, value, block), position)
    }
  }
}

/// The entries that the indexes have, or must have.
struct IndexSums: Equatable {
  var byID = IndexSum()
  var byAggregate = IndexSum()
  var byKind = IndexSum()
  var byLane = IndexSum()
  var posting = IndexSum()
  var sparse = IndexSum()
}
