internal import Evento

extension ConformanceCheck {
  static let backwardPageChecks: [ConformanceCheck] = [
    ConformanceCheck("a backward page has the last events, oldest first, and exact flags", .reading) { context in
      try await withBoundaryLog(context) { executor, filters, ids in
        for last in 0...7 {
          let page = try await executor.backward(last, before: nil, filters)
          try requireEqual(page.edges.ids, Array(ids.suffix(last)), "events of last \(last)")
          try requireEqual(page.pageInfo.hasPreviousPage, last < ids.count, "has_previous_page of last \(last)")
          try requireEqual(page.pageInfo.hasNextPage, false, "has_next_page of last \(last)")
        }
      }
    },

    ConformanceCheck("a backward page ends right before its start position", .reading) { context in
      try await withBoundaryLog(context) { executor, filters, ids in
        let cursors = try await executor.log(filters).map(\.cursor)
        try requireEqual(cursors.count, ids.count, "events in the log")
        for (position, cursor) in cursors.enumerated() {
          for last in 0...6 {
            let page = try await executor.backward(last, before: cursor, filters)
            let rest = ids[..<position]
            try requireEqual(
              page.edges.ids, Array(rest.suffix(last)), "events of last \(last) before position \(position)")
            try requireEqual(
              page.pageInfo.hasPreviousPage, last < rest.count,
              "has_previous_page of last \(last) before position \(position)")
            try requireEqual(page.pageInfo.hasNextPage, false, "has_next_page, read backward")
          }
        }
      }
    },

    ConformanceCheck("backward pages of any size return each event once", .reading) { context in
      try await withBoundaryLog(context) { executor, filters, ids in
        for count in 1...7 {
          try requireEqual(
            try await executor.logBackward(filters, pageOf: count).ids, ids, "events in pages of \(count), backward")
        }
      }
    },

    ConformanceCheck("forward and backward reads give an event the same cursor", .reading) { context in
      try await withBoundaryLog(context) { executor, filters, ids in
        let forward = try await executor.log(filters, pageOf: 2)
        let backward = try await executor.logBackward(filters, pageOf: 2)
        try requireEqual(backward.ids, ids, "events, read backward")
        for (one, other) in zip(forward, backward) {
          for cursor in [one.cursor, other.cursor] {
            try requireEqual(
              try await executor.log(filters, from: .after(cursor)).ids,
              Array(ids.drop { $0 != one.node.id }.dropFirst()), "events after a position")
            try requireEqual(
              try await executor.logBackward(filters, pageOf: 100, before: cursor).ids,
              Array(ids.prefix { $0 != one.node.id }), "events before a position")
          }
        }
      }
    },

    ConformanceCheck("backward pages are not shifted by concurrent commits", .reading) { context in
      let executor = context.executor
      let ids = try await executor.writeWhole((0..<9).map { _ in .sample() }).events.map(\.id)
      var seen: [ULID] = []
      var before: Cursor?
      for _ in 0..<3 {
        let page = try await executor.backward(3, before: before)
        seen = page.edges.ids + seen
        before = page.pageInfo.startCursor
        try await executor.writeWhole([.sample(), .sample("later")])
      }
      try requireEqual(seen, ids, "events in pages backward")
      try requireEqual(
        try await executor.backward(3, before: before).pageInfo.hasPreviousPage, false, "has_previous_page")
    },

    ConformanceCheck("an empty backward page has no cursors", .reading) { context in
      let executor = context.executor
      let empty = PageInfo(hasPreviousPage: false, hasNextPage: false, startCursor: nil, endCursor: nil)
      try requireEqual(try await executor.backward().pageInfo, empty, "a page of an empty store")
      let first = try await executor.writeWhole([.sample()]).events[0].cursor
      try requireEqual(try await executor.backward(before: first).pageInfo, empty, "a page before the first event")
      try requireEqual(
        try await executor.backward(5, before: nil, [ReadAggregator("absent")]).pageInfo, empty,
        "a page of a filter that matches nothing")
      try requireEqual(try await executor.backward(5, before: nil, []).pageInfo, empty, "a page of no filters")
      let none = try await executor.backward(0).pageInfo
      try requireEqual(
        none, PageInfo(hasPreviousPage: true, hasNextPage: false, startCursor: nil, endCursor: nil),
        "a page of last 0")
    },
  ]
}
