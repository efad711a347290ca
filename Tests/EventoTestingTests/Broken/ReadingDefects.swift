import Evento
import EventoTesting

extension Defect {
  static let filters: [Defect] = [
    Defect(
      "an empty list of filters reads all events",
      caughtBy: [
        "an empty list of filters reads no events (filters)"
      ]
    ) {
      $0.changeFilters { $0?.isEmpty == true ? nil : $0 }
    },
    Defect("no filters read nothing", caughtBy: ["no filters read all events (filters)"]) {
      $0.changeFilters { $0 ?? [] }
    },
    Defect(
      "only the first filter counts",
      caughtBy: [
        "several filters read what matches any of them, each event once (filters)"
      ]
    ) { $0.changeFilters { $0.map { Array($0.prefix(1)) } } },
    Defect("a filter by type reads all types", caughtBy: ["a filter by type (filters)"]) {
      $0.changeFilters { filters in
        filters?.contains { $0.aggregatorID == nil && $0.name == nil } == true ? nil : filters
      }
    },
    Defect("the id of a filter is not looked at", caughtBy: ["a filter by type and id (filters)"]) {
      $0.changeFilters { $0?.map { ReadAggregator($0.aggregatorType, name: $0.name) } }
    },
    Defect(
      "the name of a filter is not looked at",
      caughtBy: [
        "a filter by type and name (filters)",
        "a loop with a filter that matches nothing yet misses nothing",
        "a filter by type, id and name (filters)",
      ]
    ) {
      $0.changeFilters { $0?.map { ReadAggregator($0.aggregatorType, id: $0.aggregatorID) } }
    },
    Defect(
      "an event that two filters match comes twice",
      caughtBy: [
        "several filters read what matches any of them, each event once (filters)",
        "pages forward of any size give each event once",
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws(EventoError) in
        var page = try await store.read(aggregators, routingKey: routingKey, args: args)
        guard let aggregators, aggregators.count > 1 else { return page }
        page.edges = page.edges.flatMap { edge in
          aggregators.filter { $0.matches(edge.node) }.map { _ in edge }
        }
        return page
      }
    },
    Defect(
      "filters past the hundredth are not looked at",
      caughtBy: [
        "more than two hundred filters are refused"
      ]
    ) {
      $0.changeFilters { $0.map { Array($0.prefix(100)) } }
    },
    Defect(
      "filters out of form match nothing",
      caughtBy: [
        "a filter with a name out of form is refused"
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws(EventoError) in
        do throws(EventoError) {
          return try await store.read(aggregators, routingKey: routingKey, args: args)
        } catch {
          guard error.code == .invalidRequest else { throw error }
          return try await store.read([], routingKey: .all, args: .forward(first: 1))
        }
      }
    },
    Defect(
      "the routing key is not looked at",
      caughtBy: [
        "a read of a routing key gives the events that have it"
      ]
    ) { $0.changeRoutingKey { _ in .all } },
    Defect(
      "a read of no routing key reads all events",
      caughtBy: [
        "a read of no routing key gives the events that have none"
      ]
    ) {
      $0.changeRoutingKey { $0 == .value(nil) ? .all : $0 }
    },
    Defect(
      "the routing key now is none",
      caughtBy: [
        "a routing key that looks like a name of something else is just a key"
      ]
    ) {
      $0.changeRoutingKey { $0 == .value("now") ? .value(nil) : $0 }
    },
    Defect(
      "with filters the routing key is not looked at",
      caughtBy: [
        "a read of a routing key and filters gives what passes both",
        "any two hundred filters read what matches any of them",
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws(EventoError) in
        try await store.read(aggregators, routingKey: aggregators == nil ? routingKey : .all, args: args)
      }
    },
  ]

  static let pages: [Defect] = [
    Defect(
      "pages backward are newest first",
      caughtBy: [
        "a page read backward has the last events, oldest first, and exact flags"
      ]
    ) {
      $0.changePages { page, args in if case .backward = args { page.edges.reverse() } }
    },
    Defect(
      "has_next_page is never set",
      caughtBy: [
        "a page read forward has as many events as asked for, and exact flags"
      ]
    ) { $0.changePages { page, _ in page.pageInfo.hasNextPage = false } },
    Defect(
      "has_next_page is set on every full page",
      caughtBy: [
        "a page read forward has as many events as asked for, and exact flags",
        "pages forward go on into what commits meanwhile",
      ]
    ) {
      $0.changePages { page, args in
        if case .forward(let first, _) = args { page.pageInfo.hasNextPage = page.edges.count == first }
      }
    },
    Defect(
      "has_previous_page is set on every full page",
      caughtBy: [
        "a page read backward has the last events, oldest first, and exact flags"
      ]
    ) {
      $0.changePages { page, args in
        if case .backward(let last, _) = args { page.pageInfo.hasPreviousPage = page.edges.count == last }
      }
    },
    Defect(
      "has_previous_page is set behind a cursor",
      caughtBy: [
        "a page read forward from each place goes on right behind it"
      ]
    ) {
      $0.changePages { page, args in if case .forward(_, .after) = args { page.pageInfo.hasPreviousPage = true } }
    },
    Defect(
      "has_next_page is set before a cursor",
      caughtBy: [
        "a page read backward from each place ends right before it"
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
        "a page read forward has as many events as asked for, and exact flags"
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
        "forty events are a page where no number is given"
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
      "the event at the place is read again, forward",
      caughtBy: [
        "a page read forward from each place goes on right behind it"
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws(EventoError) in
        guard case .forward(let first, .after(let cursor)) = args else {
          return try await store.read(aggregators, routingKey: routingKey, args: args)
        }
        let before = try await store.read(nil, routingKey: .all, args: .backward(last: 1, before: cursor))
        let start = before.edges.last.map { Args.Start.after($0.cursor) } ?? .beginning
        return try await store.read(aggregators, routingKey: routingKey, args: .forward(first: first, after: start))
      }
    },
    Defect(
      "the event at the place is read too, backward",
      caughtBy: [
        "a page read backward from each place ends right before it"
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws(EventoError) in
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
        "forward and backward give an event the same place"
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws(EventoError) in
        let page = try await store.read(aggregators, routingKey: routingKey, args: args)
        guard case .backward(let last, .some) = args, page.edges.isEmpty else { return page }
        return try await store.read(aggregators, routingKey: routingKey, args: .backward(last: last))
      }
    },
    Defect(
      "a page of what was there ends with what came since",
      caughtBy: [
        "a page forward is the same however often it is read",
        "a subscriber's loop handles every event once, across a take-over",
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws(EventoError) in
        var page = try await store.read(aggregators, routingKey: routingKey, args: args)
        if case .forward(4, .after) = args, page.edges.count == 4, let last = try await store.everything().last {
          page.edges[3] = last
        }
        return page
      }
    },
    Defect(
      "places count from the end, backward",
      caughtBy: [
        "pages backward are not moved by what commits meanwhile",
        "pages backward of any size give each event once",
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws(EventoError) in
        guard case .backward(3, let before?) = args else {
          return try await store.read(aggregators, routingKey: routingKey, args: args)
        }
        let all = try await store.everything()
        let place = (all.firstIndex { $0.cursor == before } ?? 0) + 2
        let moved = all.indices.contains(place) ? all[place].cursor : before
        return try await store.read(aggregators, routingKey: routingKey, args: .backward(last: 3, before: moved))
      }
    },
    Defect(
      "an empty page forward has no end cursor",
      caughtBy: [
        "a page of an empty store tells where to go on"
      ]
    ) {
      $0.changePages { page, _ in if page.edges.isEmpty { page.pageInfo.endCursor = nil } }
    },
    Defect(
      "an empty page backward has an end cursor",
      caughtBy: [
        "a page backward with nothing on it has no cursors"
      ]
    ) {
      $0.changePages { page, args in
        if case .backward = args, page.edges.isEmpty { page.pageInfo.endCursor = Cursor(place: [1]) }
      }
    },
    Defect(
      "an empty page ends where it began",
      caughtBy: [
        "a filter that matches nothing moves on to the end of the log",
        "a condition may begin at any place that a read gave",
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws(EventoError) in
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
        "a page at the end of the log tells where to go on"
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws(EventoError) in
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
        "a page of first 0 tells whether there is more, and where it began",
        "a cursor of another store is refused as the place to read from",
      ]
    ) {
      $0.changeArgs { args in
        if case .forward(0, _) = args { .forward(first: 0, after: .now) } else { args }
      }
    },
    Defect("now is the beginning", caughtBy: ["a read from now on gives nothing that is there"]) {
      $0.changeArgs { args in
        if case .forward(let first, .now) = args { .forward(first: first) } else { args }
      }
    },
    Defect(
      "now is the last event that matches",
      caughtBy: [
        "a read from now on gives nothing that is there"
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws(EventoError) in
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
        "a loop that begins now misses nothing that commits later",
        "a loop that begins now with a filter misses nothing that matches",
        "a reader that begins now sees all that commits later, under sixteen writers",
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws(EventoError) in
        var page = try await store.read(aggregators, routingKey: routingKey, args: args)
        if case .forward(_, .now) = args {
          try await store.write([NewEvent(aggregatorType: "x", aggregatorID: "x", name: "x")])
          page.pageInfo.endCursor = try await store.everything().first?.cursor
        }
        return page
      }
    },
  ]

  static let cursors: [Defect] = [
    Defect(
      "a cursor of another store is the beginning",
      caughtBy: [
        "a cursor of another store is refused as the place to read up to"
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws(EventoError) in
        do throws(EventoError) {
          return try await store.read(aggregators, routingKey: routingKey, args: args)
        } catch {
          guard error.code == .cursorNotInHistory else { throw error }
          switch args {
          case .forward(let first, _):
            return try await store.read(aggregators, routingKey: routingKey, args: .forward(first: first))
          case .backward(let last, _):
            return try await store.read(aggregators, routingKey: routingKey, args: .backward(last: last))
          }
        }
      }
      $0.write = { store, events, condition throws(EventoError) in
        do throws(EventoError) {
          return try await store.write(events, condition: condition)
        } catch {
          guard error.code == .cursorNotInHistory else { throw error }
          return try await store.write(
            events, condition: condition.map { WriteCondition(failIfEventsMatch: $0.failIfEventsMatch) })
        }
      }
      $0.acknowledge = { store, wish throws(EventoError) in
        do throws(EventoError) {
          return try await store.acknowledge(wish.key, cursor: wish.cursor, lag: wish.lag, workerID: wish.workerID)
        } catch {
          guard error.code == .cursorNotInHistory else { throw error }
          return try await store.acknowledge(wish.key, cursor: nil, lag: wish.lag, workerID: wish.workerID)
        }
      }
      $0.saveSnapshot = { store, key, snapshot throws(EventoError) in
        do throws(EventoError) {
          try await store.saveSnapshot(key, snapshot)
        } catch {
          guard error.code == .cursorNotInHistory else { throw error }
          let start = try await store.read(nil, routingKey: .all, args: .forward(first: 0)).pageInfo.endCursor
          guard let start else { throw error }
          try await store.saveSnapshot(key, Snapshot(data: snapshot.data, cursor: start))
        }
      }
    },
    Defect(
      "a cursor that comes from its text is another place",
      caughtBy: [
        "a cursor goes through its text form"
      ]
    ) {
      $0.changePages { page, args in
        if case .forward(_, .after) = args, page.edges.count > 1 { page.edges.removeLast() }
      }
    },
    Defect(
      "cursors are numbers of their page",
      caughtBy: [
        "a cursor is at most 200 characters of A-Z, a-z, 0-9, _ and -"
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        let result = try await store.write(events, condition: condition)
        return WriteResult(
          events: result.events.map {
            WrittenEvent(
              id: $0.id, aggregatorType: $0.aggregatorType, aggregatorID: $0.aggregatorID, version: $0.version,
              routingKey: $0.routingKey, timestamp: $0.timestamp, cursor: Cursor(place: [UInt8($0.version & 127)]))
          }, isResend: result.isResend)
      }
    },
  ]
}

extension Defect.Hooks {
  mutating func changeFilters(_ change: @escaping @Sendable ([ReadAggregator]?) -> [ReadAggregator]?) {
    read = { store, aggregators, routingKey, args throws(EventoError) in
      try await store.read(change(aggregators), routingKey: routingKey, args: args)
    }
  }

  mutating func changeRoutingKey(_ change: @escaping @Sendable (RoutingKey) -> RoutingKey) {
    read = { store, aggregators, routingKey, args throws(EventoError) in
      try await store.read(aggregators, routingKey: change(routingKey), args: args)
    }
  }

  mutating func changeArgs(_ change: @escaping @Sendable (Args) -> Args) {
    read = { store, aggregators, routingKey, args throws(EventoError) in
      try await store.read(aggregators, routingKey: routingKey, args: change(args))
    }
  }
}
