internal import Evento

extension ConformanceCheck {
  static let orderChecks: [ConformanceCheck] = [
    ConformanceCheck("the order of the log is that of commits, whatever the timestamps", .ordering) { context in
      let clock = SkewedClock(seed: 1)
      var ids: [ULID] = []
      for round in 0..<40 {
        ids += try await context.executor.writeWhole([.sample("a\(round % 3)", timestamp: clock.next())]).events.map(
          \.id)
      }
      try requireEqual(try await context.executor.log(pageOf: 7).ids, ids, "events, forward")
      try requireEqual(try await context.executor.logBackward(pageOf: 7).ids, ids, "events, backward")
      let filters = [ReadAggregator("bank/Account", id: "a0"), ReadAggregator("bank/Account", id: "a2")]
      let some = ids.enumerated().filter { $0.offset % 3 != 1 }.map(\.element)
      try requireEqual(try await context.executor.log(filters, pageOf: 4).ids, some, "events of two aggregates")
    },

    ConformanceCheck("the order of the log is that of commits, whatever the ids", .ordering) { context in
      let ids = (0..<30).map { _ in ULID() }.shuffled()
      for id in ids { try await context.executor.writeWhole([.sample(id: id, timestamp: Timestamp(seconds: 1))]) }
      try requireEqual(try await context.executor.log(pageOf: 7).ids, ids, "events, forward")
      try requireEqual(try await context.executor.logBackward(pageOf: 7).ids, ids, "events, backward")
    },

    ConformanceCheck("an event that commits late never appears before a reader's position", .ordering) { context in
      let executor = context.executor
      var start = Args.Start.beginning
      for round in 0..<30 {
        // Each is older than all before it, by its timestamp and by its id.
        let id = try requireValue(ULID("0000000000000000000000000" + ["Z", "Y", "X"][round % 3]), "an id")
        let event = NewEvent.sample(
          "a\(round)", id: round < 3 ? id : nil, timestamp: Timestamp(seconds: 1_700_000_000 - Int64(round) * 3600))
        let written = try await executor.writeWhole([event]).events.map(\.id)
        let page = try await executor.forward(5, after: start)
        try requireEqual(page.edges.ids, written, "events after the last position of a reader")
        start = .after(try requireValue(page.pageInfo.endCursor, "the end cursor"))
      }
    },

    ConformanceCheck("events of one write are adjacent, in its order", .ordering) { context in
      let executor = context.executor
      let writes = try await withThrowingTaskGroup(of: [ULID].self) { group in
        for writer in 0..<8 {
          group.addTask {
            var first: [ULID] = []
            for _ in 0..<10 {
              let events = (0..<4).map { NewEvent.sample("w\(writer)-\($0 % 2)") }
              first += try await executor.writeWhole(events).events.map(\.id)
            }
            return first
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      let log = try await executor.log(pageOf: 50).ids
      try requireEqual(log.count, 320, "events in the log")
      let positions = Dictionary(log.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
      for ids in writes {
        for start in stride(from: 0, to: ids.count, by: 4) {
          let found = ids[start..<start + 4].map { positions[$0] ?? -1 }
          try requireEqual(found, (0..<4).map { found[0] + $0 }, "positions of the events of one write")
        }
      }
    },
  ]
}
