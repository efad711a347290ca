internal import Evento

extension ConformanceCheck {
  static let followChecks: [ConformanceCheck] = [
    followCheck("a follower from the beginning gets what is stored, then what commits") { follower in
      try await follower.writeWhole((0..<5).map { .sample("a\($0)") })
      let events = follower.events(matching: nil, routingKey: .all, after: .beginning)
      try await collect(events, 10, afterFirst: 5) { try await follower.writeWhole((0..<5).map { .sample("b\($0)") }) }
        .requireSame(as: try await follower.log())
    },

    followCheck("a follower starts right after a cursor") { follower in
      let written = try await follower.writeWhole((0..<4).map { .sample("a\($0)") }).events
      let events = follower.events(matching: nil, routingKey: .all, after: .after(written[1].cursor))
      try await collect(events, 4, afterFirst: 2) { try await follower.writeWhole([.sample("b"), .sample("c")]) }
        .requireSame(as: Array(try await follower.log().dropFirst(2)))
    },

    followCheck("a follower from now gets nothing that was stored before") { follower in
      try await follower.writeWhole([.sample("old"), .sample("old")])
      let start = try requireValue(try await follower.forward(after: .now).pageInfo.endCursor, "the cursor of now")
      let events = follower.events(matching: nil, routingKey: .all, after: .now)
      // Its start is not observable from outside, so events are written until it has received one.
      let seen = try await collectWhileWriting(events, to: follower)
      let new = try await follower.log(from: .after(start))
      try require(new.ids.contains(seen.node.id), "a follower from now saw an event that was stored before")
    },

    followCheck("a follower gets only what matches its filters") { follower in
      let filters = [ReadAggregator("bank/Account", id: "a"), ReadAggregator("bank/Account", name: "Closed")]
      let events = follower.events(matching: filters, routingKey: .all, after: .beginning)
      try await follower.writeWhole([.sample("a"), .sample("b"), .sample("b", "Closed")])
      try await collect(events, 4, afterFirst: 2) {
        try await follower.writeWhole([.sample("b"), .sample("a", "Closed"), .sample("c"), .sample("a")])
      }
      .requireSame(as: try await follower.log(filters))
    },

    followCheck("a follower gets the events of its routing key alone") { follower in
      for key in ["eu", nil] as [String?] {
        let events = follower.events(matching: nil, routingKey: .value(key), after: .beginning)
        let write = { @Sendable in
          try await follower.writeWhole([
            .sample("eu", routingKey: .value("eu")), .sample("us", routingKey: .value("us")),
            .sample("none", routingKey: .value(nil)),
          ])
        }
        let stored = try await follower.log(nil, .value(key)).count
        try await collect(events, stored + 2, afterFirst: stored) {
          _ = try await write()
          return try await write()
        }
        .requireSame(as: try await follower.log(nil, .value(key)))
      }
    },

    followCheck("a follower gets names and payloads with line ends as they are") { follower in
      // A stream of lines must escape these: CR, LF, and other characters that some readers take for a line end.
      let events = ["\n", "\r\n", "\u{85}", "\u{2028}", "\u{2029}"].flatMap { end in
        let mark = end.utf8.contains { $0 < 0x20 } ? "" : end
        return ["[1,\(end)2]", "\"a\(end)b\"", end].map { data in
          NewEvent.sample(
            "a\(mark)", "n\(mark)n", type: "t\(mark)", routingKey: .value("\(mark)k"), data: Payload(data))
        }
      }
      try await follower.writeWhole(events)
      let followed = follower.events(matching: nil, routingKey: .all, after: .beginning)
      let seen = try await collect(followed, events.count)
      try seen.requireSame(as: try await follower.log())
      try requireEqual(seen.map(\.node.data.bytes), events.map(\.data.bytes), "payloads that a follower saw")
    },

    followCheck("followers miss nothing under sixteen writers") { follower in
      let load = WriteLoad(writers: 16, writes: 6)
      let total = 16 * 6 * 2
      let views = try await withThrowingTaskGroup(of: [Edge<Event>]?.self) { group in
        for _ in 0..<8 {
          group.addTask {
            try await collect(follower.events(matching: nil, routingKey: .all, after: .beginning), total)
          }
        }
        group.addTask {
          _ = try await load.run(on: follower)
          return nil
        }
        return try await group.reduce(into: [[Edge<Event>]]()) { views, view in
          if let view { views.append(view) }
        }
      }
      let log = try await follower.log()
      try requireEqual(log.count, total, "events in the log")
      try requireEqual(views.count, 8, "followers")
      for view in views { try view.requireSame(as: log) }
    },

    followCheck("a follower that continues from its cursor misses nothing") { follower in
      let load = WriteLoad(writers: 4, writes: 10)
      async let written = load.run(on: follower)
      var seen: [Edge<Event>] = []
      while seen.count < 80 {
        let start = seen.last.map { Args.Start.after($0.cursor) } ?? .beginning
        let events = follower.events(matching: nil, routingKey: .all, after: start)
        seen += try await collect(events, min(7, 80 - seen.count))
      }
      try requireEqual(Set(seen.ids), Set(try await written), "events that the follower saw")
    },

    followCheck("a follower ends when its task is cancelled") { follower in
      let events = follower.events(matching: nil, routingKey: .all, after: .beginning)
      try await follower.writeWhole([.sample()])
      try await within {
        try await withThrowingTaskGroup(of: Void.self) { group in
          let (beginnings, begun) = AsyncStream.makeStream(of: Void.self)
          group.addTask {
            for try await _ in events { begun.yield() }
          }
          for await _ in beginnings { break }
          group.cancelAll()
          try await group.waitForAll()
        }
      }
    },

    followCheck("a follower of another store's cursor is refused") { follower in
      let foreign = Cursor(content: [0xFF, 0xFE, 0xFD])
      let events = follower.events(matching: nil, routingKey: .all, after: .after(foreign))
      do {
        _ = try await collect(events, 1)
      } catch let error as EventoError {
        return try requireEqual(error.code, .cursorNotInHistory, "the code of the error")
      }
      try require(false, "a foreign cursor was followed")
    },
  ]

  private static func followCheck(
    _ name: String, _ body: @escaping @Sendable (any Executor) async throws -> Void
  ) -> ConformanceCheck {
    ConformanceCheck(name, .following) { context in try await body(context.executor) }
  }

  /// The time after which an event, or an end, counts as lost.
  private static let patience: Duration = .seconds(20)

  /// Follows until it has a number of events, and runs `body` once it has some.
  @discardableResult
  private static func collect(
    _ events: EventSequence, _ count: Int, afterFirst first: Int = -1,
    _ action: @escaping @Sendable () async throws -> WriteResult? = { nil }
  ) async throws -> [Edge<Event>] {
    try await within {
      var seen: [Edge<Event>] = []
      var iterator = events.makeAsyncIterator()
      if first == 0 { _ = try await action() }
      while seen.count < count {
        seen.append(try requireValue(try await iterator.next(), "the next event that is followed"))
        if seen.count == first { _ = try await action() }
      }
      return seen
    }
  }

  /// Writes events, with pauses, until a follower has received one.
  private static func collectWhileWriting(
    _ events: EventSequence, to executor: any Executor
  ) async throws -> Edge<Event> {
    try await within {
      try await withThrowingTaskGroup(of: Edge<Event>.self) { group in
        group.addTask {
          var iterator = events.makeAsyncIterator()
          return try requireValue(try await iterator.next(), "the next event that is followed")
        }
        group.addTask {
          while true {
            try await executor.writeWhole([.sample("new")])
            try await Task.sleep(for: .milliseconds(20))
          }
        }
        let edge = try requireValue(try await group.next(), "an event")
        group.cancelAll()
        return edge
      }
    }
  }

  /// Fails if something does not end within ``patience``.
  private static func within<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        try await Task.sleep(for: patience)
        return nil
      }
      let first = try await group.next() ?? nil
      group.cancelAll()
      return try requireValue(first, "what was waited for, within \(patience)")
    }
  }
}

extension [Edge<Event>] {
  fileprivate func requireSame(as log: [Edge<Event>]) throws {
    try requireEqual(map(\.node), log.map(\.node), "events that a follower saw, in their order")
  }
}
