internal import Evento

extension NewEvent {
  /// An event of `bank/Account`, unless it says otherwise.
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
  /// Writes events, and expects the answer to tell of each.
  @discardableResult
  func writeWhole(
    _ events: [NewEvent], fileID: String = #fileID, line: Int = #line
  ) async throws -> WriteResult {
    let result = try await write(events)
    try requireEqual(result.events.count, events.count, "events in the answer", fileID: fileID, line: line)
    return result
  }

  /// Every event that matches, page by page from a place on.
  ///
  /// - Throws: ``ConformanceFailure`` where a page that has more behind it is empty, or an event comes twice.
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
      try require(!page.edges.isEmpty, "a page with more behind it is empty")
      start = .after(try requireValue(page.pageInfo.endCursor, "the end cursor of a page"))
    }
  }

  /// Every event that matches, page by page from the end to the beginning; oldest first.
  ///
  /// - Throws: ``ConformanceFailure`` where a page that has more before it is empty, or an event comes twice.
  func logBackward(
    _ aggregators: [ReadAggregator]? = nil, _ routingKey: RoutingKey = .all, pageOf count: Int,
    before place: Cursor? = nil
  ) async throws -> [Edge<Event>] {
    var pages: [[Edge<Event>]] = []
    var seen: Set<ULID> = []
    var place = place
    while true {
      let page = try await read(aggregators, routingKey: routingKey, args: .backward(last: count, before: place))
      try requireNew(page.edges, &seen)
      pages.append(page.edges)
      guard page.pageInfo.hasPreviousPage else { return pages.reversed().flatMap { $0 } }
      try require(!page.edges.isEmpty, "a page with more before it is empty")
      place = try requireValue(page.pageInfo.startCursor, "the start cursor of a page")
    }
  }

  /// One page forward, of all events unless it says otherwise.
  func forward(
    _ first: Int = Args.defaultCount, after start: Args.Start = .beginning, _ aggregators: [ReadAggregator]? = nil,
    _ routingKey: RoutingKey = .all
  ) async throws -> ReadResult<Event> {
    try await read(aggregators, routingKey: routingKey, args: .forward(first: first, after: start))
  }

  /// One page backward, of all events unless it says otherwise.
  func backward(
    _ last: Int = Args.defaultCount, before place: Cursor? = nil, _ aggregators: [ReadAggregator]? = nil,
    _ routingKey: RoutingKey = .all
  ) async throws -> ReadResult<Event> {
    try await read(aggregators, routingKey: routingKey, args: .backward(last: last, before: place))
  }
}

/// Fails where an event was seen before: so a reader whose pages go in circles comes to an end.
private func requireNew(_ edges: [Edge<Event>], _ seen: inout Set<ULID>) throws(ConformanceFailure) {
  for edge in edges { try require(seen.insert(edge.node.id).inserted, "event \(edge.node.id) is read twice") }
}

extension [Edge<Event>] {
  var ids: [ULID] { map(\.node.id) }
  var versions: [Int] { map(\.node.version) }
}
