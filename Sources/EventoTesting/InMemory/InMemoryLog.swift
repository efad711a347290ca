internal import Evento

/// The events of a store in memory, in the order of their commits, and their positions.
struct InMemoryLog: Sendable {
  /// The event at position *n* has the index *n* - 1; position 0 is before the first event.
  private(set) var events: [Event] = []
  private var positions: [ULID: Int] = [:]
  private var heads: [AggregateKey: AggregateHead] = [:]
  /// Random for each store, so that it recognizes its own cursors.
  private let tag = UInt64.random(in: .min ... .max)

  // MARK: Positions

  func cursor(at position: Int) -> Cursor {
    Cursor(content: [UInt64(position), tag].flatMap { value in withUnsafeBytes(of: value.bigEndian) { Array($0) } })
  }

  /// - Throws: `cursor_not_in_history` if this log has no such position.
  func position(of cursor: Cursor) throws(EventoError) -> Int {
    let bytes = cursor.content
    guard bytes.count == 16 else { throw EventoError.cursorNotInHistory() }
    let (position, tag) = (bytes.prefix(8).bigEndianValue, bytes.suffix(8).bigEndianValue)
    guard tag == self.tag, position <= UInt64(events.count) else { throw EventoError.cursorNotInHistory() }
    return Int(position)
  }

  func edge(at position: Int) -> Edge<Event> { Edge(cursor: cursor(at: position), node: events[position - 1]) }

  func edge(of id: ULID) -> Edge<Event>? { positions[id].map(edge(at:)) }

  // MARK: Heads

  /// Returns the version and routing key of an aggregate's latest event.
  func head(of key: AggregateKey) -> AggregateHead { heads[key] ?? AggregateHead() }

  mutating func append(_ event: Event) -> Cursor {
    events.append(event)
    positions[event.id] = events.count
    heads[AggregateKey(type: event.aggregatorType, id: event.aggregatorID)] =
      AggregateHead(version: event.version, routingKey: event.routingKey)
    return cursor(at: events.count)
  }

  /// Erases the events of an aggregate.
  ///
  /// - Returns: The number of events that were not erased yet.
  mutating func erase(_ key: AggregateKey) -> Int {
    var count = 0
    for (index, event) in events.enumerated() where !event.isErased {
      guard AggregateKey(type: event.aggregatorType, id: event.aggregatorID) == key else { continue }
      events[index] = Event(
        id: event.id, aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID, version: event.version,
        name: event.name, routingKey: event.routingKey, data: Payload(), metadata: Metadata(),
        timestamp: event.timestamp, isErased: true)
      count += 1
    }
    return count
  }

  // MARK: Pages

  func page(
    _ filter: EventFilter, _ args: Args, _ limits: InMemoryExecutor.PageLimits
  ) throws(EventoError) -> ReadResult<Event> {
    switch args {
    case .forward(let first, let start):
      let position = try self.position(of: start)
      let (edges, hasMore) = collect(position..<events.count, filter, count: first, limits)
      let end = edges.last?.cursor ?? cursor(at: first == 0 ? position : events.count)
      return ReadResult(
        edges: edges,
        pageInfo: PageInfo(
          hasPreviousPage: false, hasNextPage: hasMore, startCursor: edges.first?.cursor, endCursor: end))
    case .backward(let last, let before):
      // The event at a position is not before it.
      let end = try before.map { cursor throws(EventoError) in max(try position(of: cursor) - 1, 0) } ?? events.count
      let (newestFirst, hasMore) = collect((0..<end).reversed(), filter, count: last, limits)
      let edges = Array(newestFirst.reversed())
      return ReadResult(
        edges: edges,
        pageInfo: PageInfo(
          hasPreviousPage: hasMore, hasNextPage: false, startCursor: edges.first?.cursor,
          endCursor: edges.last?.cursor))
    }
  }

  private func position(of start: Args.Start) throws(EventoError) -> Int {
    switch start {
    case .beginning: 0
    case .after(let cursor): try position(of: cursor)
    case .now: events.count
    }
  }

  /// Returns the matching events at some indices, up to a count and the limits, and whether there are more.
  private func collect(
    _ indices: some Sequence<Int>, _ filter: EventFilter, count: Int, _ limits: InMemoryExecutor.PageLimits
  ) -> (edges: [Edge<Event>], hasMore: Bool) {
    var edges: [Edge<Event>] = []
    var bytes = 0
    for index in indices where filter.matches(events[index]) {
      let event = events[index]
      bytes += event.data.bytes.count + event.metadata.bytes.count
      let hasRoom = edges.count < min(count, limits.events) && (bytes <= limits.bytes || edges.isEmpty)
      guard hasRoom else { return (edges, true) }
      edges.append(edge(at: index + 1))
    }
    return (edges, false)
  }
}

/// The state of an aggregate.
struct AggregateHead: Sendable {
  /// 0 for a new aggregate.
  var version = 0
  var routingKey: String?
}

extension Sequence<UInt8> {
  fileprivate var bigEndianValue: UInt64 { reduce(0) { $0 << 8 | UInt64($1) } }
}

/// The content of a store in memory.
struct InMemoryStore: Sendable {
  var log = InMemoryLog()
  var subscribers = InMemorySubscribers()
  var snapshots: [SnapshotKey: Snapshot] = [:]
}

/// The filter of a read.
struct EventFilter {
  let aggregators: [ReadAggregator]?
  let routingKey: RoutingKey

  func matches(_ event: Event) -> Bool {
    routingKey.matches(event) && (aggregators?.contains { $0.matches(event) } ?? true)
  }
}
