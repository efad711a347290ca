internal import Evento
internal import EventoStorage

/// A request for everything that a batch of writes needs from the database before it can be decided.
///
/// It is thrown by a decision that lacks something.
struct LookupRequest: Error {
  var aggregates: Set<AggregateKey> = []
  var kinds: Set<KindName> = []
  var lanes: Set<LaneName> = []
  var events: Set<SentEvent> = []
  /// The positions of cursors.
  var positions: Set<Int64> = []
  /// The conditions, by the index of their write.
  var conditions: [Int: WriteCondition] = [:]

  /// The id of an event, with the lengths of its payload and metadata in the write. Stored bytes are read only if there
  /// are as many.
  ///
  /// The writes of a batch may have the same id with other lengths, and one of them may repeat the stored event.
  struct SentEvent: Hashable {
    let id: ULID
    let dataLength: Int
    let metadataLength: Int
  }

  /// Aggregates that are taken for new instead of looked up.
  private(set) var newAggregates: Set<AggregateKey> = []

  var isEmpty: Bool {
    aggregates.isEmpty && kinds.isEmpty && lanes.isEmpty && events.isEmpty && positions.isEmpty && conditions.isEmpty
  }

  init() {}

  /// Creates the request for everything that is not in the cache, except the lanes of events that inherit their routing
  /// key.
  ///
  /// - Parameters:
  ///   - first: The index of the first write to look at.
  ///   - assumesNew: True if the ids of the events are taken for new, and so are the aggregates of which an event has
  ///     version 1. Unique indexes refuse the commit if one is stored already.
  init(_ writes: [PendingWrite], from first: Int = 0, _ cache: WriterCache, assumesNew: Bool) {
    for (index, write) in writes.enumerated().dropFirst(first) {
      for event in write.events { add(event, cache, assumesNew: assumesNew) }
      guard let condition = write.condition else { continue }
      conditions[index] = condition
      if let position = condition.after.flatMap(LogPosition.init)?.position { positions.insert(position) }
    }
  }

  private mutating func add(_ event: NewEvent, _ cache: WriterCache, assumesNew: Bool) {
    let aggregate = AggregateKey(type: event.aggregatorType, id: event.aggregatorID)
    if cache.head(of: aggregate) == nil, !newAggregates.contains(aggregate) {
      if assumesNew, event.version == 1 { newAggregates.insert(aggregate) } else { aggregates.insert(aggregate) }
    }
    let kind = KindName(type: aggregate.type, name: Name(checked: event.name))
    if cache.kind(kind) == nil { kinds.insert(kind) }
    if case .value(let routingKey) = event.routingKey {
      let lane = LaneName(kind: kind, routingKey: routingKey.map(Name.init(checked:)))
      if cache.lane(lane) == nil { lanes.insert(lane) }
    }
    if !assumesNew, let id = event.id {
      events.insert(
        SentEvent(
          id: id, dataLength: event.data.bytes.count,
          metadataLength: event.metadata.isEmpty ? 0 : event.metadata.bytes.count))
    }
  }

  /// Adds another request.
  mutating func formUnion(_ other: LookupRequest) {
    aggregates.formUnion(other.aggregates)
    kinds.formUnion(other.kinds)
    lanes.formUnion(other.lanes)
    events.formUnion(other.events)
    positions.formUnion(other.positions)
    conditions.merge(other.conditions) { known, _ in known }
  }
}

/// The result of a request, all from the same state of the log.
struct LookupResult {
  /// The aggregates; `nil` for one that is not stored.
  var heads: [AggregateKey: AggregateHead?] = [:]
  /// The ids of texts; `nil` for one that is not stored.
  var texts: [Name: Int64?] = [:]
  var kinds: [KindName: Kind?] = [:]
  /// The number of stored kinds of a type, up to the number of which no later one is counted.
  var kindCounts: [Int64: Int] = [:]
  var lanes: [LaneName: Lane?] = [:]
  /// The number of stored lanes of a routing key, likewise.
  var laneCounts: [Int64: Int] = [:]
  /// The stored events with the requested ids.
  var events: [ULID: StoredEvent] = [:]
  /// The commit IDs of positions. Those that the log does not have are missing.
  var commitIDs: [Int64: Int64] = [:]
  /// True for a condition that an event matches, by the index of its write.
  var matches: [Int: Bool] = [:]

  /// A stored event that a write may repeat.
  enum StoredEvent {
    /// Its lengths are those of a write; see ``LookupRequest/SentEvent``.
    case sameLength(Edge<Event>)
    /// Its payload or metadata has another length than in any write, so that its content differs.
    case otherLength
  }

  /// Adds a stored event. One with its content replaces one without.
  mutating func add(_ event: StoredEvent, _ id: ULID) {
    if case .otherLength = event, events[id] != nil { return }
    events[id] = event
  }

  /// Adds the aggregates that a request takes for new.
  mutating func assumeNew(in request: LookupRequest) {
    for aggregate in request.newAggregates where heads[aggregate] == nil { heads[aggregate] = .some(nil) }
  }

  /// Adds what was looked up later, in the same state of the log.
  mutating func merge(_ other: LookupResult) {
    // The known one may be an assumption.
    heads.merge(other.heads) { _, found in found }
    texts.merge(other.texts) { known, _ in known }
    kinds.merge(other.kinds) { known, _ in known }
    kindCounts.merge(other.kindCounts) { known, _ in known }
    lanes.merge(other.lanes) { known, _ in known }
    laneCounts.merge(other.laneCounts) { known, _ in known }
    for (id, event) in other.events { add(event, id) }
    commitIDs.merge(other.commitIDs) { known, _ in known }
    matches.merge(other.matches) { known, _ in known }
  }
}
