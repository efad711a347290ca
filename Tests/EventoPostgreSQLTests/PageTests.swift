import Evento
import EventoStorage
import TestSupport
import Testing

@testable import EventoPostgreSQL

/// Pages of a log, compared with what the filters match in memory.
@Suite(.needsPostgreSQL) struct PageTests {
  /// All events of a log, oldest first.
  private func everything(_ store: PostgreSQLExecutor) async throws -> [Edge<Event>] {
    var edges: [Edge<Event>] = []
    var start = Args.Start.beginning
    while true {
      let page = try await store.read(nil, routingKey: .all, args: .forward(first: 1000, after: start))
      edges += page.edges
      guard page.pageInfo.hasNextPage, let end = page.pageInfo.endCursor else { return edges }
      start = .after(end)
    }
  }

  @Test func everyFilterReadsItsEventsInBothDirections() async throws {
    try await withStore(events: 12_000) { store, log, _ in
      let all = try await everything(store)
      #expect(all.count == log.events)
      #expect(all.map(\.cursor) == (1...log.events).map { log.position($0).cursor })
      let sets = SampleLog.filters.map { [$0] } + [SampleLog.filters, Array(SampleLog.filters.prefix(4)), []]
      for routingKey in SampleLog.routings {
        for filters in sets.map(Optional.some) + [nil] {
          let expected = all.filter { edge in
            routingKey.matches(edge.node) && filters?.contains { $0.matches(edge.node) } ?? true
          }
          let label: Comment = "\(filters.map { "\($0)" } ?? "all"), \(routingKey)"
          for (start, count) in [(0, 7), (5000, 40), (log.events - 40, 7), (log.events, 3), (0, 1000)] {
            let after = Array(expected.drop { $0.node.id.low <= UInt64(start) })
            let page = try await store.read(
              filters, routingKey: routingKey, args: .forward(first: count, after: .after(log.position(start).cursor)))
            #expect(page.edges == Array(after.prefix(count)), label)
            #expect(page.pageInfo.hasNextPage == (after.count > count), label)
            #expect(page.pageInfo.startCursor == after.first?.cursor, label)
            #expect(page.pageInfo.endCursor == (after.prefix(count).last?.cursor ?? log.end.cursor), label)

            let before = expected.prefix { $0.node.id.low < UInt64(start) }
            let last = try await store.read(
              filters, routingKey: routingKey, args: .backward(last: count, before: log.position(start).cursor))
            #expect(last.edges == Array(before.suffix(count)), label)
            #expect(last.pageInfo.hasPreviousPage == (before.count > count), label)
            #expect(last.pageInfo.endCursor == before.last?.cursor, label)
          }
          let newest = try await store.read(filters, routingKey: routingKey, args: .backward(last: 5))
          #expect(newest.edges == Array(expected.suffix(5)), label)
        }
      }
    }
  }

  @Test func pagesOfNoEventsShowIfThereAreSome() async throws {
    try await withStore(events: 100) { store, log, _ in
      let start = log.position(50).cursor
      let page = try await store.read(nil, routingKey: .all, args: .forward(first: 0, after: .after(start)))
      #expect(page.edges.isEmpty && page.pageInfo.hasNextPage && page.pageInfo.endCursor == start)
      let first = try await store.read(nil, routingKey: .all, args: .forward(first: 0))
      #expect(first.pageInfo.endCursor == log.position(0).cursor)
      let now = try await store.read(nil, routingKey: .all, args: .forward(first: 10, after: .now))
      #expect(now.edges.isEmpty && !now.pageInfo.hasNextPage && now.pageInfo.endCursor == log.end.cursor)
      let last = try await store.read(nil, routingKey: .all, args: .backward(last: 0))
      #expect(last.edges.isEmpty && last.pageInfo.hasPreviousPage && last.pageInfo.endCursor == nil)
      #expect(try await store.eventCount() == 100)
    }
  }

  @Test func anEmptyLogBeginsAtItsOrigin() async throws {
    try await withStore(events: 0) { store, _, database in
      try await database.psql("UPDATE store SET origin = 42")
      let origin = LogPosition(position: 0, commitID: 42).cursor
      for filters in [nil, [], [ReadAggregator("t")]] as [[ReadAggregator]?] {
        for start in [Args.Start.beginning, .now, .after(origin)] {
          let page = try await store.read(filters, routingKey: .all, args: .forward(after: start))
          #expect(page.edges.isEmpty && page.pageInfo.endCursor == origin)
        }
      }
      #expect(try await store.event(ULID()) == nil)
    }
  }

  @Test func cursorsOfOtherHistoriesAreRefused() async throws {
    try await withStore(events: 10) { store, log, _ in
      let foreign =
        [
          LogPosition(position: 5, commitID: 1), LogPosition(position: 11, commitID: 1011),
          LogPosition(position: 0, commitID: 8), LogPosition(position: .min, commitID: 7),
          LogPosition(position: .max, commitID: 7), LogPosition(position: -1, commitID: 999),
        ].map(\.cursor) + [Cursor(content: [1, 2, 3])]
      for cursor in foreign {
        for filters in [nil, [], [ReadAggregator("t1")], [ReadAggregator("missing")]] as [[ReadAggregator]?] {
          for args in [Args.forward(after: .after(cursor)), .backward(before: cursor)] {
            let code = await errorCode { _ = try await store.read(filters, routingKey: .all, args: args) }
            #expect(code == .cursorNotInHistory, "\(cursor) \(args)")
          }
        }
      }
      let first = try await store.read(nil, routingKey: .all, args: .backward(before: log.position(0).cursor))
      #expect(first.edges.isEmpty)
    }
  }

  @Test func aPageHasAsManyBytesAsAllowed() async throws {
    try await withStore(events: 20, { $0.pageBytes = 3000 }) { store, log, database in
      // The sizes are those of metadata `{}` and: 1,398, 1,598, 2,998, 4,998 and 0 bytes.
      try await database.psql(
        """
        UPDATE event SET metadata = NULL, data = convert_to(repeat('x', CASE position
          WHEN 1 THEN 1398 WHEN 2 THEN 1598 WHEN 3 THEN 2998 WHEN 4 THEN 4998 ELSE 0 END), 'UTF8'), is_json = false
        """)
      try await database.fillChecksums()
      for filters in [nil, SampleLog.filters + (1...20).map { ReadAggregator("t\($0)") }] as [[ReadAggregator]?] {
        var sizes: [[Int]] = []
        var start = Args.Start.beginning
        while true {
          let page = try await store.read(filters, routingKey: .all, args: .forward(first: 10, after: start))
          sizes.append(page.edges.map(\.node.data.bytes.count))
          guard page.pageInfo.hasNextPage, let end = page.pageInfo.endCursor else { break }
          start = .after(end)
        }
        let empty = Array(repeating: 0, count: 10)
        #expect(sizes == [[1398, 1598], [2998], [4998], empty, Array(empty.prefix(6))])
        let before = Args.backward(last: 10, before: log.position(4).cursor)
        let last = try await store.read(filters, routingKey: .all, args: before)
        #expect(last.edges.map(\.node.data.bytes.count) == [2998] && last.pageInfo.hasPreviousPage)
      }
    }
  }

  /// The larger event has more than its share of the page's bytes, with which rows are read first.
  @Test(arguments: [(1, [10, 10]), (4, [10, 10]), (7, [6, 10, 4]), (10, [9, 10, 1])])
  func aPageThatIsHalfFullEndsBeforeALargePayload(_ large: Int, _ counts: [Int]) async throws {
    try await withStore(events: 20, { $0.pageBytes = 50_000 }) { store, log, database in
      for position in [large, log.events + 1 - large] {
        try await database.psql(
          """
          UPDATE event SET metadata = NULL,
            data = convert_to(repeat('x', CASE position WHEN \(position) THEN 20000 ELSE 100 END), 'UTF8'),
            is_json = false
          """)
        try await database.fillChecksums()
        var found: [[Int64]] = []
        var cursor: Cursor?
        repeat {
          let isForward = position == large
          let args: Args =
            isForward
            ? .forward(first: 10, after: cursor.map(Args.Start.after) ?? .beginning)
            : .backward(last: 10, before: cursor)
          let page = try await store.read(nil, routingKey: .all, args: args)
          let positions = page.edges.map { Int64($0.node.id.low) }
          found.append(isForward ? positions : positions.reversed().map { Int64(log.events + 1) - $0 })
          cursor = isForward ? page.pageInfo.endCursor : page.pageInfo.startCursor
          guard isForward ? page.pageInfo.hasNextPage : page.pageInfo.hasPreviousPage else { break }
        } while found.count < 20
        #expect(found.map(\.count) == counts)
        #expect(found.flatMap { $0 } == Array(1...Int64(log.events)))
      }
    }
  }

  @Test func largePayloadsArriveWhole() async throws {
    try await withStore(events: 3) { store, _, database in
      try await database.psql(
        """
        UPDATE event SET data = convert_to(repeat(md5(position::text), 100000), 'UTF8'), is_json = false
        WHERE position = 2
        """)
      try await database.fillChecksums()
      let page = try await store.read(nil, routingKey: .all, args: .forward())
      #expect(page.edges.map(\.node.data.bytes.count) == [7, 3_200_000, 7])
      let edge = try #require(try await store.event(page.edges[1].node.id))
      #expect(edge == page.edges[1])
    }
  }

  /// An event whose name is stored after a read has looked for it is not skipped, whenever its commit comes.
  @Test func noEventOfANewNameIsSkipped() async throws {
    let names = 300
    try await withStore(events: 20) { store, log, database in
      async let written: Void = onThread { [url = database.url] in
        let connection = try Connection(try ConnectionSettings(url))
        for number in 1...names {
          let position = log.events + 2 * number - 1
          try connection.run(.begin)
          try connection.run(.once("UPDATE store SET position = \(position + 1), commit_id = \(position + 1001)"))
          try connection.run(.once("INSERT INTO text VALUES (\(1000 + number), 'new\(number)')"))
          try connection.run(.once("INSERT INTO kind VALUES (\(1000 + number), 2, \(1000 + number), false)"))
          try connection.run(.once("INSERT INTO lane VALUES (\(10_000 + number), 0, \(1000 + number), false)"))
          // An event with the new name, then one with a name that is stored.
          for (position, kind, lane) in [(position, 1000 + number, 10_000 + number), (position + 1, 2, 5)] {
            try connection.run(
              .once(
                """
                INSERT INTO event SELECT \(position), \(position + 1000), 1, 1000, 0, gen_random_uuid(), type,
                  \(kind), lane.id, lane.routing_key, false, false, false, NULL, '', 'a', 0
                FROM lane JOIN kind ON kind.id = \(kind) WHERE lane.id = \(lane)
                """))
          }
          try ChecksumFilling(connection: connection).fillEvents(after: Int64(position - 1))
          try connection.run(.commit)
        }
      }
      let filters = (1...100).map { ReadAggregator("t2", name: "new\($0 * 3)") } + [ReadAggregator("t2", name: "n1")]
      var found: [String] = []
      var start = Args.Start.after(log.end.cursor)
      while found.count < names + names / 3 {
        let isComplete = try await store.eventCount() == log.events + 2 * names
        let page = try await store.read(filters, routingKey: .all, args: .forward(first: 1000, after: start))
        found += page.edges.map(\.node.name)
        start = .after(try #require(page.pageInfo.endCursor))
        if isComplete, page.edges.isEmpty { break }
      }
      try await written
      let expected = (1...names).flatMap { $0 % 3 == 0 ? ["new\($0)", "n1"] : ["n1"] }
      #expect(found == expected)
    }
  }
}
