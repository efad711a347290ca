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
  /// Every event that matches, page by page from a place on.
  ///
  /// - Throws: ``ConformanceFailure`` where a page that has more behind it is empty, or the pages do not end.
  func log(
    _ aggregators: [ReadAggregator]? = nil, _ routingKey: RoutingKey = .all, pageOf count: Int = 1000,
    from start: Args.Start = .beginning
  ) async throws -> [Edge<Event>] {
    var edges: [Edge<Event>] = []
    var start = start
    while true {
      let page = try await read(aggregators, routingKey: routingKey, args: .forward(first: count, after: start))
      edges += page.edges
      guard page.pageInfo.hasNextPage else { return edges }
      try require(!page.edges.isEmpty, "a page with more behind it is empty")
      try require(edges.count <= longestLog, "the pages of a log do not end")
      start = .after(try requireValue(page.pageInfo.endCursor, "the end cursor of a page"))
    }
  }

  /// Every event that matches, page by page from the end to the beginning; oldest first.
  func logBackward(
    _ aggregators: [ReadAggregator]? = nil, _ routingKey: RoutingKey = .all, pageOf count: Int,
    before place: Cursor? = nil
  ) async throws -> [Edge<Event>] {
    var edges: [Edge<Event>] = []
    var place = place
    while true {
      let page = try await read(aggregators, routingKey: routingKey, args: .backward(last: count, before: place))
      edges = page.edges + edges
      guard page.pageInfo.hasPreviousPage else { return edges }
      try require(!page.edges.isEmpty, "a page with more before it is empty")
      try require(edges.count <= longestLog, "the pages of a log do not end")
      place = try requireValue(page.pageInfo.startCursor, "the start cursor of a page")
    }
  }

  /// One page forward, of all events unless it says otherwise.
  func forward(
    _ first: Int = Args.defaultCount, after start: Args.Start = .beginning, _ aggregators: [ReadAggregator]? = nil,
    _ routingKey: RoutingKey = .all
  ) async throws(EventoError) -> ReadResult<Event> {
    try await read(aggregators, routingKey: routingKey, args: .forward(first: first, after: start))
  }

  /// One page backward, of all events unless it says otherwise.
  func backward(
    _ last: Int = Args.defaultCount, before place: Cursor? = nil, _ aggregators: [ReadAggregator]? = nil,
    _ routingKey: RoutingKey = .all
  ) async throws(EventoError) -> ReadResult<Event> {
    try await read(aggregators, routingKey: routingKey, args: .backward(last: last, before: place))
  }
}

/// More than any check writes.
private let longestLog = 100_000

extension [Edge<Event>] {
  var ids: [ULID] { map(\.node.id) }
  var versions: [Int] { map(\.node.version) }
}
