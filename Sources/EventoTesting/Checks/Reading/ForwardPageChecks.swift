internal import Evento

extension ConformanceCheck {
  static let forwardPageChecks: [ConformanceCheck] = [
    ConformanceCheck("a forward page has the requested number of events, and exact flags", .reading) { context in
      try await withBoundaryLog(context) { executor, filters, ids in
        for first in 0...7 {
          let page = try await executor.forward(first, after: .beginning, filters)
          try requireEqual(page.edges.ids, Array(ids.prefix(first)), "events of first \(first)")
          try requireEqual(page.pageInfo.hasNextPage, first < ids.count, "has_next_page of first \(first)")
          try requireEqual(page.pageInfo.hasPreviousPage, false, "has_previous_page of first \(first)")
        }
      }
    },

    ConformanceCheck("a forward page starts right after its start position", .reading) { context in
      try await withBoundaryLog(context) { executor, filters, ids in
        let cursors = try await executor.log(filters).map(\.cursor)
        try requireEqual(cursors.count, ids.count, "events in the log")
        for (position, cursor) in cursors.enumerated() {
          for first in 0...6 {
            let page = try await executor.forward(first, after: .after(cursor), filters)
            let rest = ids[(position + 1)...]
            try requireEqual(
              page.edges.ids, Array(rest.prefix(first)), "events of first \(first) after position \(position)")
            try requireEqual(
              page.pageInfo.hasNextPage, first < rest.count,
              "has_next_page of first \(first) after position \(position)")
            try requireEqual(page.pageInfo.hasPreviousPage, false, "has_previous_page, read forward")
          }
        }
      }
    },

    ConformanceCheck("forward pages of any size return each event once", .reading) { context in
      try await withBoundaryLog(context) { executor, filters, ids in
        for count in 1...7 {
          try requireEqual(
            try await executor.log(filters, pageOf: count).ids, ids, "events in pages of \(count), forward")
        }
      }
    },

    ConformanceCheck("start and end cursor of a page are those of its first and last event", .reading) { context in
      try await withBoundaryLog(context) { executor, filters, _ in
        for count in 1...7 {
          for page in [
            try await executor.forward(count, after: .beginning, filters),
            try await executor.backward(count, before: nil, filters),
          ] {
            try requireEqual(page.pageInfo.startCursor, page.edges.first?.cursor, "the start cursor")
            try requireEqual(page.pageInfo.endCursor, page.edges.last?.cursor, "the end cursor")
          }
        }
      }
    },

    ConformanceCheck("a page has forty events by default", .reading) { context in
      let ids = try await context.executor.writeWhole((0..<41).map { _ in .sample() }).events.map(\.id)
      let forward = try await context.executor.read(nil, routingKey: .all, args: .forward())
      try requireEqual(forward.edges.ids, Array(ids.prefix(40)), "events of a page forward")
      try requireEqual(forward.pageInfo.hasNextPage, true, "has_next_page")
      let backward = try await context.executor.read(nil, routingKey: .all, args: .backward())
      try requireEqual(backward.edges.ids, Array(ids.suffix(40)), "events of a page backward")
      try requireEqual(backward.pageInfo.hasPreviousPage, true, "has_previous_page")
    },

    ConformanceCheck("numbers of events out of range are refused", .reading) { context in
      try await context.executor.writeWhole([.sample()])
      for count in [-1, 65536, .max, .min] {
        try await requireError(.invalidRequest, "first \(count)") { try await context.executor.forward(count) }
        try await requireError(.invalidRequest, "last \(count)") { try await context.executor.backward(count) }
      }
      try requireEqual(try await context.executor.forward(65535).edges.count, 1, "events of first 65535")
      try requireEqual(try await context.executor.backward(65535).edges.count, 1, "events of last 65535")
    },

    ConformanceCheck("a forward page is the same each time it is read", .reading) { context in
      let executor = context.executor
      let cursor = try await executor.writeWhole((0..<10).map { _ in .sample() }).events[2].cursor
      let page = try await executor.forward(4, after: .after(cursor))
      try await executor.writeWhole((0..<10).map { _ in .sample("later") })
      for _ in 0..<3 {
        try requireEqual(try await executor.forward(4, after: .after(cursor)), page, "a page read again")
      }
    },

    ConformanceCheck("forward pages continue into concurrent commits", .reading) { context in
      let executor = context.executor
      var written: [ULID] = []
      var seen: [ULID] = []
      var start = Args.Start.beginning
      for round in 0..<12 {
        written += try await executor.writeWhole((0..<(round % 4)).map { _ in .sample() } + [.sample("x")]).events.map(
          \.id)
        let page = try await executor.forward(2, after: start)
        seen += page.edges.ids
        try requireEqual(page.pageInfo.hasNextPage, seen.count < written.count, "has_next_page")
        start = .after(try requireValue(page.pageInfo.endCursor, "the end cursor"))
      }
      seen += try await executor.log(from: start).ids
      try requireEqual(seen, written, "events that a reader saw")
    },

    ConformanceCheck("after going back, later events are read again", .reading) { context in
      let executor = context.executor
      let cursors = try await executor.writeWhole((0..<6).map { _ in .sample() }).events.map(\.cursor)
      for position in cursors.indices.reversed() {
        try requireEqual(
          try await executor.log(from: .after(cursors[position])).versions, Array((position + 1)..<6).map { $0 + 1 },
          "versions after position \(position)")
      }
    },
  ]

  /// Runs `body` with filters of several shapes, each of which matches the same five events among others.
  static func withBoundaryLog(
    _ context: ConformanceContext, _ body: (any Executor, [ReadAggregator]?, [ULID]) async throws -> Void
  ) async throws {
    let executor = context.executor
    try await executor.writeWhole([.sample("other", "Other", type: "other")])
    let ids = try await executor.writeWhole((0..<3).map { _ in .sample("a", "N") }).events.map(\.id)
    try await executor.writeWhole([.sample("other", "Other", type: "other"), .sample("other", "Other", type: "x")])
    let more = try await executor.writeWhole((0..<2).map { _ in .sample("a", "N") }).events.map(\.id)
    try await executor.writeWhole([.sample("other", "Other", type: "other")])
    let filters: [[ReadAggregator]] = [
      [ReadAggregator("bank/Account")], [ReadAggregator("bank/Account", id: "a")],
      [ReadAggregator("bank/Account", name: "N")], [ReadAggregator("bank/Account", id: "a", name: "N")],
      [ReadAggregator("absent"), ReadAggregator("bank/Account", id: "a"), ReadAggregator("bank/Account", name: "N")],
    ]
    for filter in filters { try await body(executor, filter, ids + more) }
    // All events of a store that has just five.
    try await context.withAnotherStore { other in
      let ids = try await other.writeWhole((0..<5).map { _ in .sample("a", "N") }).events.map(\.id)
      try await body(other, nil, ids)
    }
  }
}
