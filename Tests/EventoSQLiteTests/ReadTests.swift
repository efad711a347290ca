import Evento
import EventoSQLite
import Testing

@Suite struct ReadTests {
  /// A log in which every filter has something to find and something to leave out, beside its events as they are.
  private func withLog(_ body: (SQLiteExecutor, [Edge<Event>]) async throws -> Void) async throws {
    try await withStore { store in
      var random = SeededGenerator(seed: 7)
      var writes: [NewEvent] = []
      for _ in 0..<400 {
        let key: NewEvent.Routing =
          [.value(nil), .value("eu"), .value("us")].randomElement(using: &random) ?? .inherited
        writes.append(
          .sample(
            "id-\(Int.random(in: 0..<6, using: &random))", "N\(Int.random(in: 0..<4, using: &random))",
            type: "t\(Int.random(in: 0..<3, using: &random))", routingKey: key))
      }
      for index in stride(from: 0, to: writes.count, by: 50) {
        try await store.write(Array(writes[index..<index + 50]))
      }
      let log = try await store.everything(pageOf: 37)
      #expect(log.map(\.node.name) == writes.map(\.name))
      try await body(store, log)
    }
  }

  private static let keys: [RoutingKey] = [.all, .value(nil), .value("eu"), .value("absent")]

  private static func randomFilter(_ random: inout SeededGenerator) -> ReadAggregator {
    ReadAggregator(
      "t\(Int.random(in: 0..<4, using: &random))",
      id: Bool.random(using: &random) ? "id-\(Int.random(in: 0..<7, using: &random))" : nil,
      name: Bool.random(using: &random) ? "N\(Int.random(in: 0..<5, using: &random))" : nil)
  }

  @Test(arguments: keys) func everyFilterFindsWhatMatchesInTheOrderOfTheLog(key: RoutingKey) async throws {
    try await withLog { store, log in
      var random = SeededGenerator(seed: 11)
      var filters: [[ReadAggregator]?] = [nil, []]
      for count in [1, 1, 1, 1, 1, 1, 2, 2, 3, 5, 20, 200] {
        filters.append((0..<count).map { _ in Self.randomFilter(&random) })
      }
      for aggregators in filters {
        let expected = log.filter { edge in
          key.matches(edge.node) && (aggregators?.contains { $0.matches(edge.node) } ?? true)
        }
        for count in [7, 1000] {
          let found = try await store.everything(aggregators, key, pageOf: count)
          #expect(found == expected, "pages of \(count)")
        }
        #expect(try await backward(store, aggregators, key, pageOf: 9) == expected)
        // From a place in the middle, that of an event which may or may not match.
        let place = log[log.count / 2].cursor
        let behind = log[(log.count / 2 + 1)...].map(\.cursor)
        #expect(
          try await store.everything(aggregators, key, pageOf: 13, from: .after(place))
            == expected.filter { behind.contains($0.cursor) })
      }
    }
  }

  private func backward(
    _ store: SQLiteExecutor, _ aggregators: [ReadAggregator]?, _ key: RoutingKey, pageOf count: Int
  ) async throws -> [Edge<Event>] {
    var edges: [Edge<Event>] = []
    var before: Cursor?
    while true {
      let page = try await store.read(aggregators, routingKey: key, args: .backward(last: count, before: before))
      #expect(!page.pageInfo.hasNextPage)
      edges = page.edges + edges
      guard page.pageInfo.hasPreviousPage else { return edges }
      before = page.pageInfo.startCursor
    }
  }

  @Test func flagsAreExactAtEveryBoundary() async throws {
    try await withStore { store in
      try await store.write((0..<5).map { .sample("a", "N\($0)") } + [.sample("b")])
      for filter in [[ReadAggregator("bank/Account", id: "a")], [.init("bank/Account", id: "a"), .init("x")]] {
        for count in 0...6 {
          let forward = try await store.read(filter, routingKey: .all, args: .forward(first: count))
          #expect(forward.edges.count == min(count, 5))
          #expect(forward.pageInfo.hasNextPage == (count < 5), "first: \(count)")
          #expect(!forward.pageInfo.hasPreviousPage)
          let backward = try await store.read(filter, routingKey: .all, args: .backward(last: count))
          #expect(backward.edges.map(\.node.version) == Array((1...5).suffix(count)))
          #expect(backward.pageInfo.hasPreviousPage == (count < 5), "last: \(count)")
          #expect(!backward.pageInfo.hasNextPage)
          for page in [forward, backward] where !page.edges.isEmpty {
            #expect(page.pageInfo.startCursor == page.edges.first?.cursor)
            #expect(page.pageInfo.endCursor == page.edges.last?.cursor)
          }
        }
      }
    }
  }

  @Test func anEmptyPageTellsWhereToGoOn() async throws {
    try await withStore { store in
      let none = [ReadAggregator("bank/Account", name: "Closed")]
      let atStart = try await store.read(none, routingKey: .all, args: .forward())
      #expect(atStart.pageInfo.startCursor == nil)
      let start = try #require(atStart.pageInfo.endCursor)
      let opened = try await store.write([.sample()]).events[0]

      // A filter that matches nothing: the place up to which the log was read.
      let page = try await store.read(none, routingKey: .all, args: .forward(after: .after(start)))
      #expect(page.pageInfo.endCursor == opened.cursor)
      #expect(try await store.read([], routingKey: .all, args: .forward()).pageInfo.endCursor == opened.cursor)
      // None asked for: where the read began.
      let asked = try await store.read(nil, routingKey: .all, args: .forward(first: 0, after: .after(start)))
      #expect(asked.pageInfo == PageInfo(hasPreviousPage: false, hasNextPage: true, startCursor: nil, endCursor: start))
      let now = try await store.read(nil, routingKey: .all, args: .forward(first: 0, after: .now))
      #expect(
        now.pageInfo == PageInfo(hasPreviousPage: false, hasNextPage: false, startCursor: nil, endCursor: opened.cursor)
      )
      // A loop that began at the end misses nothing that commits later.
      let end = try #require(
        try await store.read(nil, routingKey: .all, args: .forward(after: .now)).pageInfo.endCursor)
      let later = try await store.write([.sample(), .sample()])
      #expect(try await store.everything(from: .after(end)).map(\.cursor) == later.events.map(\.cursor))
      // Backward, an empty page is nowhere.
      let backward = try await store.read(nil, routingKey: .all, args: .backward(before: start))
      #expect(
        backward.pageInfo == PageInfo(hasPreviousPage: false, hasNextPage: false, startCursor: nil, endCursor: nil))
    }
  }

  @Test func pagesAreBoundedWhateverIsAskedFor() async throws {
    var configuration = SQLiteConfiguration()
    configuration.pageEvents = 10
    configuration.pageBytes = 1000
    try await withStore(configuration) { store in
      try await store.write((0..<25).map { _ in .sample("few") })
      let byCount = try await store.read(nil, routingKey: .all, args: .forward(first: 65535))
      #expect(byCount.edges.count == 10 && byCount.pageInfo.hasNextPage)

      let sizes = [400, 400, 400, 5000, 400, 5000]
      try await store.write(sizes.map { .sample("big", data: Payload([UInt8](repeating: 0, count: $0))) })
      let big = [ReadAggregator("bank/Account", id: "big")]
      for filter in [big, big + [ReadAggregator("absent"), ReadAggregator("bank/Account", id: "none")]] {
        var pages: [[Int]] = []
        var start = Args.Start.beginning
        while let page = try? await store.read(filter, routingKey: .all, args: .forward(after: start)) {
          pages.append(page.edges.map(\.node.data.bytes.count))
          guard page.pageInfo.hasNextPage, let end = page.pageInfo.endCursor else { break }
          start = .after(end)
        }
        #expect(pages == [[400, 400], [400], [5000], [400], [5000]])
        let last = try await store.read(filter, routingKey: .all, args: .backward(last: 5))
        #expect(last.edges.map(\.node.data.bytes.count) == [5000] && last.pageInfo.hasPreviousPage)
      }
    }
  }

  @Test func whatIsOutOfRangeIsRefused() async throws {
    try await withStore { store in
      for args in [Args.forward(first: -1), .forward(first: 65536), .backward(last: -1), .backward(last: 65536)] {
        await expect(.invalidRequest) { () throws in
          _ = try await store.read(nil, routingKey: .all, args: args)
        }
      }
      let many = Array(repeating: ReadAggregator("t"), count: ReadAggregator.maximumCount + 1)
      await expect(.invalidRequest) { () throws in
        _ = try await store.read(many, routingKey: .all, args: .forward())
      }
      await expect(.invalidRequest) { () throws in
        _ = try await store.read([ReadAggregator("")], routingKey: .all, args: .forward())
      }
    }
  }

  @Test func anEventIsFoundByItsID() async throws {
    try await withStore { store in
      let written = try await store.write([.sample("a"), .sample("b")]).events
      #expect(try await store.event(written[1].id)?.node.aggregatorID == "b")
      #expect(try await store.event(ULID()) == nil)
    }
  }
}

/// Random numbers that are the same in each run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
