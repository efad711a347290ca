import Evento
import EventoTesting

extension Defect {
  static let pages: [Defect] = [
    Defect(
      "pages backward are newest first",
      caughtBy: [
        "a backward page has the last events, oldest first, and exact flags"
      ]
    ) {
      $0.changePages { page, args in if case .backward = args { page.edges.reverse() } }
    },
    Defect(
      "has_next_page is never set",
      caughtBy: [
        "a forward page has the requested number of events, and exact flags"
      ]
    ) { $0.changePages { page, _ in page.pageInfo.hasNextPage = false } },
    Defect(
      "has_next_page is set on every full page",
      caughtBy: [
        "a forward page has the requested number of events, and exact flags",
        "forward pages continue into concurrent commits",
      ]
    ) {
      $0.changePages { page, args in
        if case .forward(let first, _) = args { page.pageInfo.hasNextPage = page.edges.count == first }
      }
    },
    Defect(
      "has_previous_page is set on every full page",
      caughtBy: [
        "a backward page has the last events, oldest first, and exact flags"
      ]
    ) {
      $0.changePages { page, args in
        if case .backward(let last, _) = args { page.pageInfo.hasPreviousPage = page.edges.count == last }
      }
    },
    Defect(
      "has_previous_page is set behind a cursor",
      caughtBy: [
        "a forward page starts right after its start position"
      ]
    ) {
      $0.changePages { page, args in if case .forward(_, .after) = args { page.pageInfo.hasPreviousPage = true } }
    },
    Defect(
      "has_next_page is set before a cursor",
      caughtBy: [
        "a backward page ends right before its start position"
      ]
    ) {
      $0.changePages { page, args in if case .backward(_, .some) = args { page.pageInfo.hasNextPage = true } }
    },
    Defect(
      "start and end cursor are exchanged",
      caughtBy: [
        "start and end cursor of a page are those of its first and last event"
      ]
    ) {
      $0.changePages { page, _ in
        guard !page.edges.isEmpty else { return }
        (page.pageInfo.startCursor, page.pageInfo.endCursor) = (page.pageInfo.endCursor, page.pageInfo.startCursor)
      }
    },
    Defect(
      "a page has one event too many",
      caughtBy: [
        "a forward page has the requested number of events, and exact flags"
      ]
    ) {
      $0.changeArgs { args in
        switch args {
        case .forward(let first, let after): .forward(first: min(first + 1, 65535), after: after)
        case .backward(let last, let before): .backward(last: min(last + 1, 65535), before: before)
        }
      }
    },
    Defect(
      "numbers out of range are brought into it",
      caughtBy: [
        "numbers of events out of range are refused"
      ]
    ) {
      $0.changeArgs { args in
        switch args {
        case .forward(let first, let after): .forward(first: min(max(first, 0), 65535), after: after)
        case .backward(let last, let before): .backward(last: min(max(last, 0), 65535), before: before)
        }
      }
    },
    Defect(
      "a page of forty is one of twenty",
      caughtBy: [
        "a page has forty events by default"
      ]
    ) {
      $0.changeArgs { args in
        switch args {
        case .forward(40, let after): .forward(first: 20, after: after)
        case .backward(40, let before): .backward(last: 20, before: before)
        default: args
        }
      }
    },
    Defect(
      "the event at the position is read again, forward",
      caughtBy: [
        "a forward page starts right after its start position"
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws in
        guard case .forward(let first, .after(let cursor)) = args else {
          return try await store.read(aggregators, routingKey: routingKey, args: args)
        }
        let before = try await store.read(nil, routingKey: .all, args: .backward(last: 1, before: cursor))
        let start = before.edges.last.map { Args.Start.after($0.cursor) } ?? .beginning
        return try await store.read(aggregators, routingKey: routingKey, args: .forward(first: first, after: start))
      }
    },
    Defect(
      "the event at the position is read too, backward",
      caughtBy: [
        "a backward page ends right before its start position"
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws in
        guard case .backward(let last, let cursor?) = args else {
          return try await store.read(aggregators, routingKey: routingKey, args: args)
        }
        let next = try await store.read(nil, routingKey: .all, args: .forward(first: 1, after: .after(cursor)))
        return try await store.read(
          aggregators, routingKey: routingKey, args: .backward(last: last, before: next.edges.first?.cursor))
      }
    },
    Defect(
      "a page backward before nothing is that of the end",
      caughtBy: [
        "forward and backward reads give an event the same cursor"
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws in
        let page = try await store.read(aggregators, routingKey: routingKey, args: args)
        guard case .backward(let last, .some) = args, page.edges.isEmpty else { return page }
        return try await store.read(aggregators, routingKey: routingKey, args: .backward(last: last))
      }
    },
    Defect(
      "a page of what was there ends with what came since",
      caughtBy: [
        "a forward page is the same each time it is read",
        "a subscriber's loop handles every event once, across a take-over",
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws in
        var page = try await store.read(aggregators, routingKey: routingKey, args: args)
        if case .forward(4, .after) = args, page.edges.count == 4, let last = try await store.everything().last {
          page.edges[3] = last
        }
        return page
      }
    },
    Defect(
      "positions count from the end, backward",
      caughtBy: [
        "backward pages are not shifted by concurrent commits",
        "backward pages of any size return each event once",
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws in
        guard case .backward(3, let before?) = args else {
          return try await store.read(aggregators, routingKey: routingKey, args: args)
        }
        let all = try await store.everything()
        let position = (all.firstIndex { $0.cursor == before } ?? 0) + 2
        let moved = all.indices.contains(position) ? all[position].cursor : before
        return try await store.read(aggregators, routingKey: routingKey, args: .backward(last: 3, before: moved))
      }
    },
    Defect(
      "an empty page forward has no end cursor",
      caughtBy: [
        "a page of an empty store has a cursor to continue from"
      ]
    ) {
      $0.changePages { page, _ in if page.edges.isEmpty { page.pageInfo.endCursor = nil } }
    },
    Defect(
      "an empty page backward has an end cursor",
      caughtBy: [
        "an empty backward page has no cursors"
      ]
    ) {
      $0.changePages { page, args in
        if case .backward = args, page.edges.isEmpty { page.pageInfo.endCursor = Cursor(content: [1]) }
      }
    },
    Defect(
      "an empty page ends where it began",
      caughtBy: [
        "the end cursor of a read without matches is the end of the log",
        "a condition can have any cursor that a read returned",
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws in
        var page = try await store.read(aggregators, routingKey: routingKey, args: args)
        guard case .forward(_, let start) = args, page.edges.isEmpty, start != .now else { return page }
        page.pageInfo.endCursor = try await store.read(nil, routingKey: .all, args: .forward(first: 0, after: start))
          .pageInfo.endCursor
        return page
      }
    },
    Defect(
      "an empty page ends at an event that is still to come",
      caughtBy: [
        "a page at the end of the log has a cursor to continue from"
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws in
        var page = try await store.read(aggregators, routingKey: routingKey, args: args)
        guard case .forward(let first, let start) = args, case .after = start, first > 0 else { return page }
        if let last = try await store.everything().last, !page.pageInfo.hasNextPage,
          aggregators == nil || page.edges.isEmpty
        {
          page.pageInfo.endCursor = last.cursor
          if page.edges.isEmpty { try await store.write([NewEvent(aggregatorType: "x", aggregatorID: "x", name: "x")]) }
          if page.edges.isEmpty { page.pageInfo.endCursor = try await store.everything().last?.cursor }
        }
        return page
      }
    },
    Defect(
      "a page of first 0 is behind all events",
      caughtBy: [
        "a page of first 0 reports whether there are events, and its start",
        "a cursor of another store is refused as the start of a read",
      ]
    ) {
      $0.changeArgs { args in
        if case .forward(0, _) = args { .forward(first: 0, after: .now) } else { args }
      }
    },
    Defect("now is the beginning", caughtBy: ["a read from now returns no earlier event"]) {
      $0.changeArgs { args in
        if case .forward(let first, .now) = args { .forward(first: first) } else { args }
      }
    },
    Defect(
      "now is the last event that matches",
      caughtBy: [
        "a read from now returns no earlier event"
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws in
        var page = try await store.read(aggregators, routingKey: routingKey, args: args)
        if case .forward(_, .now) = args {
          let last = try await store.read(aggregators, routingKey: routingKey, args: .backward(last: 1, before: nil))
          let start = try await store.read(nil, routingKey: .all, args: .forward(first: 0))
          page.pageInfo.endCursor = last.edges.last?.cursor ?? start.pageInfo.endCursor
        }
        return page
      }
    },
    Defect(
      "now is a moment later",
      caughtBy: [
        "a loop that starts now misses no later event",
        "a loop that starts now with a filter misses no matching event",
        "a reader that starts now sees every later event of sixteen writers",
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws in
        var page = try await store.read(aggregators, routingKey: routingKey, args: args)
        if case .forward(_, .now) = args {
          try await store.write([NewEvent(aggregatorType: "x", aggregatorID: "x", name: "x")])
          page.pageInfo.endCursor = try await store.everything().first?.cursor
        }
        return page
      }
    },
  ]
}
