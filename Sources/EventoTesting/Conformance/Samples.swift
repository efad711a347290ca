internal import Evento

extension NewEvent {
  /// Returns an event, of `bank/Account` by default.
  static func sample(
    _ aggregatorID: String = "acc-1", _ name: String = "Opened", type: String = "bank/Account", id: ULID? = nil,
    version: Int? = nil, routingKey: Routing = .inherited, data: Payload = Payload(#"{"n":1}"#),
    metadata: Metadata = Metadata(), timestamp: Timestamp? = nil
  ) -> NewEvent {
    NewEvent(
      id: id, aggregatorType: type, aggregatorID: aggregatorID, version: version, name: name, routingKey: routingKey,
      data: data, metadata: metadata, timestamp: timestamp)
  }
}

extension Executor {
  /// Writes events, and requires the result to have each of them.
  @discardableResult
  func writeWhole(
    _ events: [NewEvent], fileID: String = #fileID, line: Int = #line
  ) async throws -> WriteResult {
    let result = try await write(events)
    try requireEqual(result.events.count, events.count, "events in the result", fileID: fileID, line: line)
    return result
  }

  /// Returns all matching events, page by page from a position.
  ///
  /// - Throws: ``ConformanceFailure`` if a page with more events after it is empty, or an event is repeated.
  func log(
    _ aggregators: [ReadAggregator]? = nil, _ routingKey: RoutingKey = .all, pageOf count: Int = 1000,
    from start: Args.Start = .beginning
  ) async throws -> [Edge<Event>] {
    var edges: [Edge<Event>] = []
    var seen: Set<ULID> = []
    var start = start
    while true {
      let page = try await read(aggregators, routingKey: routingKey, args: .forward(first: count, after: start))
      try requireNew(page.edges, &seen)
      edges += page.edges
      guard page.pageInfo.hasNextPage else { return edges }
      try require(!page.edges.isEmpty, "a page with more events after it is empty")
      start = .after(try requireValue(page.pageInfo.endCursor, "the end cursor of a page"))
    }
  }

  /// Returns all matching events, page by page from the end to the beginning; oldest first.
  ///
  /// - Throws: ``ConformanceFailure`` if a page with more events before it is empty, or an event is repeated.
  func logBackward(
    _ aggregators: [ReadAggregator]? = nil, _ routingKey: RoutingKey = .all, pageOf count: Int,
    before position: Cursor? = nil
  ) async throws -> [Edge<Event>] {
    var pages: [[Edge<Event>]] = []
    var seen: Set<ULID> = []
    var position = position
    while true {
      let page = try await read(aggregators, routingKey: routingKey, args: .backward(last: count, before: position))
      try requireNew(page.edges, &seen)
      pages.append(page.edges)
      guard page.pageInfo.hasPreviousPage else { return pages.reversed().flatMap { $0 } }
      try require(!page.edges.isEmpty, "a page with more events before it is empty")
      position = try requireValue(page.pageInfo.startCursor, "the start cursor of a page")
    }
  }

  /// Reads one page forward, by default of all events.
  func forward(
    _ first: Int = Args.defaultCount, after start: Args.Start = .beginning, _ aggregators: [ReadAggregator]? = nil,
    _ routingKey: RoutingKey = .all
  ) async throws -> ReadResult<Event> {
    try await read(aggregators, routingKey: routingKey, args: .forward(first: first, after: start))
  }

  /// Reads one page backward, by default of all events.
  func backward(
    _ last: Int = Args.defaultCount, before position: Cursor? = nil, _ aggregators: [ReadAggregator]? = nil,
    _ routingKey: RoutingKey = .all
  ) async throws -> ReadResult<Event> {
    try await read(aggregators, routingKey: routingKey, args: .backward(last: last, before: position))
  }
}

/// Fails if an event is repeated, so that a reader whose pages go in circles ends.
private func requireNew(_ edges: [Edge<Event>], _ seen: inout Set<ULID>) throws(ConformanceFailure) {
  for edge in edges { try require(seen.insert(edge.node.id).inserted, "event \(edge.node.id) is read twice") }
}

extension [Edge<Event>] {
  var ids: [ULID] { map(\.node.id) }
  var versions: [Int] { map(\.node.version) }
}
