internal import Evento
internal import EventoStorage

/// The decisions about the writes of one commit, and the rows that they add.
///
/// It decides in memory, from what was looked up before: each write as if those before it were stored.
final class WriteBatch {
  /// A new row of `event`.
  struct Row {
    let id: ULID
    let aggregate: Int64
    let aggregateKey: String
    let version: Int
    let kind: Kind
    let lane: Lane
    let timestamp: Timestamp
    let data: Payload
    let metadata: Metadata
    let isErased: Bool
    let checksum: Int32
  }

  /// The outcome of one write, if the commit succeeds.
  typealias Outcome = Result<WriteResult, EventoError>

  /// The store before the batch.
  let base: StoreRow
  /// The store after it.
  private(set) var store: StoreRow
  private(set) var rows: [Row] = []
  private(set) var newTexts: [(id: Int64, value: Name)] = []
  private(set) var newKinds: [(kind: Kind, name: Int64)] = []
  private(set) var newLanes: [(lane: Lane, kind: Int64)] = []
  private(set) var newAggregates: [(id: Int64, type: Int64, key: Name)] = []
  /// One for each write, in their order.
  private(set) var outcomes: [Outcome] = []
  /// The data that the decisions need and that was not looked up. If it is not empty, the outcomes don't count.
  private(set) var missing = LookupRequest()
  /// The writes that add events.
  private(set) var added: [AddedEvents] = []

  private let cache: WriterCache
  private let known: LookupResult
  private let commitID = LogPosition.freshCommitID()
  private let time: Timestamp
  // What the batch adds, for the decisions about its later writes.
  private var texts: [Name: Int64] = [:]
  private var kinds: [KindName: Kind] = [:]
  private var lanes: [LaneName: Lane] = [:]
  private var addedKinds: [Int64: Int] = [:]
  private var addedLanes: [Int64: Int] = [:]
  private var heads: [AggregateKey: AggregateHead] = [:]
  private var events: [ULID: Edge<Event>] = [:]

  /// - Parameters:
  ///   - base: The store, as of which the cache is valid and everything was looked up.
  ///   - known: What was looked up.
  ///   - time: The timestamp of events without one.
  init(after base: StoreRow, _ known: LookupResult, _ cache: WriterCache, time: Timestamp) {
    self.base = base
    self.known = known
    self.cache = cache
    self.time = time
    store = base
  }

  /// True if a write is refused.
  var hasRefusals: Bool {
    outcomes.contains { outcome in
      if case .failure = outcome { true } else { false }
    }
  }

  /// True if the batch changes nothing, and no write was stored before. Otherwise it is committed, also to be certain
  /// that what was stored before is on a synchronous standby, if there must be one.
  var isOnlyRefusals: Bool {
    outcomes.allSatisfy { outcome in
      if case .failure = outcome { true } else { false }
    }
  }

  /// Decides about the next write.
  func decide(_ write: PendingWrite) {
    do {
      let lookup = Lookup(batch: self, index: outcomes.count)
      switch try WriteDecision.of(write.events, write.condition, lookup) {
      case .resend(let stored): outcomes.append(.success(WriteResult(events: stored, isResend: true)))
      case .accepted(let accepted):
        let written = try add(write.events, accepted)
        outcomes.append(.success(WriteResult(events: written, isResend: false)))
      }
    } catch let request as LookupRequest {
      missing.formUnion(request)
      outcomes.append(.success(WriteResult(events: [], isResend: false)))
    } catch {
      outcomes.append(.failure(EventoError(wrapping: error)))
    }
  }

  /// Keeps what the commit has stored in the cache.
  func keep() {
    cache.store = store
    for (name, kind) in known.kinds { if let kind { cache.keep(kind, of: name) } }
    for (name, lane) in known.lanes { if let lane { cache.keep(lane, of: name) } }
    for (key, head) in known.heads { if let head { cache.keep(head, of: key) } }
    for (name, kind) in kinds { cache.keep(kind, of: name) }
    for (name, lane) in lanes { cache.keep(lane, of: name) }
    for (key, head) in heads { cache.keep(head, of: key) }
  }

  // MARK: Rows

  private func add(_ newEvents: [NewEvent], _ accepted: AcceptedWrite) throws(LookupRequest) -> [WrittenEvent] {
    var symbols: [(kind: Kind, lane: Lane)] = []
    symbols.reserveCapacity(newEvents.count)
    // First, since some may have to be looked up: all of them at once.
    var unknown = LookupRequest()
    for (index, assigned) in accepted.assignedVersions.enumerated() {
      do throws(LookupRequest) {
        symbols.append(try addSymbols(of: newEvents[index], routingKey: assigned.routingKey))
      } catch {
        unknown.formUnion(error)
      }
    }
    guard unknown.isEmpty else { throw unknown }
    var heads = accepted.heads
    var written: [WrittenEvent] = []
    written.reserveCapacity(newEvents.count)
    for (index, assigned) in accepted.assignedVersions.enumerated() {
      let event = newEvents[index]
      let (kind, lane) = symbols[index]
      let key = heads[assigned.head].key
      let aggregate: Int64
      if let known = heads[assigned.head].aggregate {
        aggregate = known
      } else {
        store.aggregates += 1
        aggregate = store.aggregates
        heads[assigned.head].aggregate = aggregate
        newAggregates.append((aggregate, kind.type, key.id))
      }
      store.end = LogPosition(position: store.end.position + 1, commitID: commitID)
      let (id, timestamp) = (event.id ?? ULID(), event.timestamp ?? time)
      let row = Row(
        id: id, aggregate: aggregate, aggregateKey: event.aggregatorID, version: assigned.version,
        kind: kind, lane: lane, timestamp: timestamp, data: event.data, metadata: event.metadata,
        isErased: event.isErased,
        checksum: EventChecksum.of(
          event, at: store.end, id: id, names: lane.checksum, version: Int64(assigned.version), timestamp: timestamp))
      rows.append(row)
      written.append(
        WrittenEvent(
          id: row.id, aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID,
          version: row.version, routingKey: assigned.routingKey, timestamp: row.timestamp, cursor: store.end.cursor))
      if event.id != nil {
        events[row.id] = Edge(
          cursor: store.end.cursor,
          node: Event(
            id: row.id, aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID, version: row.version,
            name: event.name, routingKey: assigned.routingKey, data: event.data, metadata: event.metadata,
            timestamp: row.timestamp, isErased: row.isErased))
      }
    }
    for head in heads {
      guard let aggregate = head.aggregate else { continue }
      self.heads[head.key] = AggregateHead(aggregate: aggregate, version: head.version, routingKey: head.routingKey)
    }
    added.append(AddedEvents(events: newEvents, written: written))
    return written
  }

  private func addSymbols(
    of event: NewEvent, routingKey: String?
  ) throws(LookupRequest) -> (kind: Kind, lane: Lane) {
    let name = KindName(type: Name(checked: event.aggregatorType), name: Name(checked: event.name))
    let laneName = LaneName(kind: name, routingKey: routingKey.map(Name.init(checked:)))
    let knownKind = kinds[name] ?? cache.kind(name) ?? known.kinds[name] ?? nil
    let knownLane = lanes[laneName] ?? cache.lane(laneName) ?? known.lanes[laneName] ?? nil
    if let knownKind, let knownLane { return (knownKind, knownLane) }
    // What is not stored is added, but only if that is certain.
    var request = LookupRequest()
    if knownKind == nil, known.kinds[name] == nil { request.kinds.insert(name) }
    if knownLane == nil, known.lanes[laneName] == nil { request.lanes.insert(laneName) }
    guard request.isEmpty else { throw request }
    let kind = knownKind ?? addKind(name)
    return (kind, knownLane ?? addLane(laneName, kind))
  }

  private func addKind(_ name: KindName) -> Kind {
    let type = addText(name.type)
    let text = addText(name.name)
    let count = (known.kindCounts[type] ?? 0) + (addedKinds[type] ?? 0)
    store.kinds += 1
    let kind = Kind(id: store.kinds, type: type, isLate: count >= IndexLimits.kindsPerType)
    addedKinds[type, default: 0] += 1
    newKinds.append((kind, text))
    kinds[name] = kind
    return kind
  }

  private func addLane(_ name: LaneName, _ kind: Kind) -> Lane {
    let routingKey = name.routingKey.map(addText) ?? Lane.noRoutingKey
    let count = (known.laneCounts[routingKey] ?? 0) + (addedLanes[routingKey] ?? 0)
    store.lanes += 1
    let lane = Lane(
      id: store.lanes, routingKey: routingKey, isLate: count >= IndexLimits.lanesPerRoutingKey, checksum: name.checksum)
    addedLanes[routingKey, default: 0] += 1
    newLanes.append((lane, kind.id))
    lanes[name] = lane
    return lane
  }

  private func addText(_ value: Name) -> Int64 {
    if let id = texts[value] ?? known.texts[value] ?? nil { return id }
    store.texts += 1
    texts[value] = store.texts
    newTexts.append((store.texts, value))
    return store.texts
  }

  // MARK: Looking up

  private struct Lookup: LogLookup {
    let batch: WriteBatch
    /// The index of the write.
    let index: Int

    func isStored(_ id: ULID) -> Bool {
      batch.events[id] != nil || batch.known.events[id] != nil
    }

    func storedEvent(_ event: NewEvent, _ id: ULID) -> WrittenEvent? {
      let stored: Edge<Event>
      if let added = batch.events[id] {
        stored = added
      } else if case .sameLength(let known) = batch.known.events[id] {
        stored = known
      } else {
        return nil
      }
      guard event.isStored(as: stored.node) else { return nil }
      return stored.withView { WrittenEvent($0, cursor: stored.cursor) }
    }

    func head(of key: AggregateKey) throws(LookupRequest) -> AggregateHead? {
      if let head = batch.heads[key] ?? batch.cache.head(of: key) { return head }
      if let known = batch.known.heads[key] { return known }
      var request = LookupRequest()
      request.aggregates.insert(key)
      throw request
    }

    func position(of cursor: Cursor) throws -> Int64 {
      guard let position = LogPosition(cursor) else { throw EventoError.cursorNotInHistory() }
      let commitID = position.position == 0 ? batch.base.origin : batch.known.commitIDs[position.position]
      guard commitID == position.commitID else { throw EventoError.cursorNotInHistory() }
      return position.position
    }

    func hasMatch(_ condition: WriteCondition, after position: Int64) throws(LookupRequest) -> Bool {
      guard let isMatched = batch.known.matches[index] else {
        var request = LookupRequest()
        request.conditions[index] = condition
        throw request
      }
      return isMatched || batch.hasMatch(condition)
    }
  }

  /// Returns whether an event of the batch matches a condition. All of them come after the condition's cursor.
  private func hasMatch(_ condition: WriteCondition) -> Bool {
    guard !added.isEmpty else { return false }
    let filters = FilterSet(condition.failIfEventsMatch, .all)
    return added.contains { write in
      zip(write.events, write.written).contains { event, written in
        filters.matches(type: event.aggregatorType, name: event.name, routingKey: written.routingKey) {
          event.aggregatorID
        }
      }
    }
  }
}
