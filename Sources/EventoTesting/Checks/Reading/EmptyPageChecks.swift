internal import Evento

extension ConformanceCheck {
  static let emptyPageChecks: [ConformanceCheck] = [
    ConformanceCheck("a page of an empty store has a cursor to continue from", .reading) { context in
      let executor = context.executor
      for filters in [nil, [], [ReadAggregator("bank/Account")]] as [[ReadAggregator]?] {
        try await requirePosition(try await executor.forward(5, after: .beginning, filters), behind: [], on: executor)
      }
      let page = try await executor.forward()
      let ids = try await executor.writeWhole([.sample(), .sample()]).events.map(\.id)
      let end = try requireValue(page.pageInfo.endCursor, "the end cursor of an empty page")
      try requireEqual(try await executor.log(from: .after(end)).ids, ids, "events after the cursor of an empty store")
    },

    ConformanceCheck("a page at the end of the log has a cursor to continue from", .reading) { context in
      let executor = context.executor
      let last = try await executor.writeWhole([.sample(), .sample()]).events[1].cursor
      let page = try await executor.forward(5, after: .after(last))
      try await requirePosition(page, behind: [], on: executor)
      let ids = try await executor.writeWhole([.sample()]).events.map(\.id)
      try await requirePosition(page, behind: ids, on: executor)
    },

    ConformanceCheck("the end cursor of a read without matches is the end of the log", .reading) { context in
      let executor = context.executor
      let filters: [[ReadAggregator]] = [
        [ReadAggregator("absent")], [], [ReadAggregator("bank/Account", name: "Closed")],
        [ReadAggregator("bank/Account", id: "none"), ReadAggregator("absent", name: "Opened")],
      ]
      for filter in filters {
        try await executor.writeWhole([.sample(), .sample()])
        let page = try await executor.forward(5, after: .beginning, filter)
        // A reader that continues from there sees none of the earlier events, and all later ones.
        try await requirePosition(page, behind: [], on: executor)
        let ids = try await executor.writeWhole([.sample("a"), .sample("b", type: "other")]).events.map(\.id)
        try await requirePosition(page, behind: ids, on: executor)
      }
    },

    ConformanceCheck("a loop with a filter that matches nothing yet misses nothing", .reading) { context in
      let executor = context.executor
      let filters = [ReadAggregator("bank/Account", name: "Closed")]
      var start = Args.Start.beginning
      var seen: [ULID] = []
      var written: [ULID] = []
      for round in 0..<20 {
        let page = try await executor.forward(1, after: start, filters)
        seen += page.edges.ids
        start = .after(try requireValue(page.pageInfo.endCursor, "the end cursor"))
        try await executor.writeWhole([.sample("a")])
        if round % 3 == 0 {
          written += try await executor.writeWhole([.sample("a", "Closed"), .sample("b", "Closed")]).events.map(\.id)
        }
      }
      seen += try await executor.log(filters, from: start).ids
      try requireEqual(seen, written, "events that a reader saw")
    },

    ConformanceCheck("a page of first 0 reports whether there are events, and its start", .reading) { context in
      let executor = context.executor
      try requireEqual(try await executor.forward(0).pageInfo.hasNextPage, false, "has_next_page of an empty store")
      let events = try await executor.writeWhole([.sample(), .sample("b"), .sample()]).events
      let ids = events.map(\.id)
      try await requirePosition(try await executor.forward(0), hasNext: true, behind: ids, on: executor)
      try await requirePosition(
        try await executor.forward(0, after: .after(events[1].cursor)), hasNext: true, behind: [ids[2]], on: executor)
      try await requirePosition(
        try await executor.forward(0, after: .after(events[2].cursor)), behind: [], on: executor)
      let filtered = try await executor.forward(
        0, after: .after(events[0].cursor), [ReadAggregator("bank/Account", id: "b")])
      try await requirePosition(filtered, hasNext: true, behind: Array(ids[1...]), on: executor)
      let none = try await executor.forward(
        0, after: .after(events[1].cursor), [ReadAggregator("bank/Account", id: "b")])
      try await requirePosition(none, behind: [ids[2]], on: executor)
    },
  ]

  static let nowChecks: [ConformanceCheck] = [
    ConformanceCheck("a read from now returns no earlier event", .reading) { context in
      let executor = context.executor
      for _ in 0..<2 {
        for first in [0, 1, 40, 65535] {
          for filters in [nil, [], [ReadAggregator("bank/Account")]] as [[ReadAggregator]?] {
            let page = try await executor.forward(first, after: .now, filters)
            try await requirePosition(page, behind: [], on: executor)
          }
        }
        try await executor.writeWhole([.sample(), .sample("b")])
      }
    },

    ConformanceCheck("a loop that starts now misses no later event", .reading) { context in
      let executor = context.executor
      for round in 0..<3 {
        let page = try await executor.forward(round, after: .now)
        let ids = try await executor.writeWhole([.sample(), .sample("b"), .sample()]).events.map(\.id)
        try await requirePosition(page, behind: ids, on: executor)
      }
    },

    ConformanceCheck("a loop that starts now with a filter misses no matching event", .reading) { context in
      let executor = context.executor
      try await executor.writeWhole([.sample("a"), .sample("b")])
      let filters = [ReadAggregator("bank/Account", id: "b")]
      var end = try requireValue(
        try await executor.forward(5, after: .now, filters).pageInfo.endCursor, "the end cursor")
      var seen: [ULID] = []
      var written: [ULID] = []
      for _ in 0..<5 {
        try await executor.writeWhole([.sample("a")])
        written += try await executor.writeWhole([.sample("b")]).events.map(\.id)
        let page = try await executor.forward(5, after: .after(end), filters)
        seen += page.edges.ids
        end = try requireValue(page.pageInfo.endCursor, "the end cursor")
      }
      try requireEqual(seen, written, "events that a reader saw")
    },
  ]

  /// Requires an empty forward page whose end cursor has exactly these events after it.
  private static func requirePosition(
    _ page: ReadResult<Event>, hasNext: Bool = false, behind ids: [ULID], on executor: any Executor,
    fileID: String = #fileID, line: Int = #line
  ) async throws {
    try requireEqual(page.edges.ids, [], "events of the page", fileID: fileID, line: line)
    try requireEqual(page.pageInfo.hasNextPage, hasNext, "has_next_page", fileID: fileID, line: line)
    try requireEqual(page.pageInfo.hasPreviousPage, false, "has_previous_page", fileID: fileID, line: line)
    try requireEqual(page.pageInfo.startCursor, nil, "the start cursor", fileID: fileID, line: line)
    let end = try requireValue(page.pageInfo.endCursor, "the end cursor of an empty page", fileID: fileID, line: line)
    try requireEqual(
      try await executor.log(from: .after(end)).ids, ids, "events after an empty page", fileID: fileID, line: line)
  }
}
