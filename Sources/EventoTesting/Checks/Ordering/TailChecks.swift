internal import Evento
internal import Synchronization

extension ConformanceCheck {
  static let tailChecks: [ConformanceCheck] = [
    tailCheck("readers that continue from their cursors miss no event of sixteen writers", nil, .all),
    tailCheck(
      "readers with a filter miss nothing under sixteen writers", [ReadAggregator("bank/Account", id: "shared")], .all),
    tailCheck(
      "readers with several filters miss no event of sixteen writers",
      [
        ReadAggregator("bank/Account", name: "Odd"), ReadAggregator("bank/Account", id: "shared"),
        ReadAggregator("absent"),
      ], .all),
    tailCheck("readers of a routing key miss nothing under sixteen writers", nil, .value("even")),

    ConformanceCheck("a reader that starts now sees every later event of sixteen writers", .ordering) {
      context in
      let executor = context.executor
      try await executor.writeWhole((0..<10).map { _ in .sample("before") })
      let page = try await executor.forward(after: .now)
      let start = try requireValue(page.pageInfo.endCursor, "the cursor of now")
      let load = WriteLoad(writers: 16, writes: 10)
      async let written = load.run(on: executor)
      let seen = try await load.tail(executor, nil, .all, pageOf: 13, from: .after(start))
      try requireEqual(Set(seen.ids), Set(try await written), "events that the reader saw")
      try requireEqual(seen.count, 16 * 10 * 2, "events that the reader saw")
    },

    ConformanceCheck("a reader never sees half a write", .ordering) { context in
      let executor = context.executor
      let load = WriteLoad(writers: 16, writes: 10)
      async let written = load.run(on: executor)
      var isLast = false
      repeat {
        isLast = load.hasEnded
        let page = try await executor.backward(1000)
        try requireEqual(page.edges.count % 2, 0, "the number of events, two a write")
        // An executor that never suspends must not keep the writers from running.
        await Task.yield()
      } while !isLast
      let count = try await written.count
      try requireEqual(try await executor.log().count, count, "events in the log")
    },

    ConformanceCheck("versions of an aggregate have no gaps under sixteen writers", .ordering) { context in
      let load = WriteLoad(writers: 16, writes: 10)
      _ = try await load.run(on: context.executor)
      let shared = try await context.executor.log([ReadAggregator("bank/Account", id: "shared")], pageOf: 9)
      try requireEqual(shared.versions, Array(1...160), "versions of the aggregate that all wrote")
      for writer in 0..<16 {
        let own = try await context.executor.log([ReadAggregator("bank/Account", id: "w\(writer)")], pageOf: 9)
        try requireEqual(own.versions, Array(1...10), "versions of the aggregate of one writer")
      }
    },
  ]

  private static func tailCheck(
    _ name: String, _ filters: [ReadAggregator]?, _ key: RoutingKey
  ) -> ConformanceCheck {
    ConformanceCheck(name, .ordering) { context in
      let executor = context.executor
      let load = WriteLoad(writers: 16, writes: 12)
      let views = try await withThrowingTaskGroup(of: [Edge<Event>]?.self) { group in
        group.addTask {
          _ = try await load.run(on: executor)
          return nil
        }
        for reader in 0..<3 {
          group.addTask { try await load.tail(executor, filters, key, pageOf: 3 + reader * 20) }
        }
        return try await group.reduce(into: [[Edge<Event>]]()) { views, view in
          if let view { views.append(view) }
        }
      }
      let log = try await executor.log(pageOf: 50)
      try requireEqual(log.count, 16 * 12 * 2, "events in the log")
      let expected = log.filter { edge in
        key.matches(edge.node) && (filters?.contains { $0.matches(edge.node) } ?? true)
      }
      try require(!expected.isEmpty, "the filter matches nothing")
      for view in views {
        try requireEqual(view.ids, expected.ids, "events that a reader saw, in their order")
      }
    }
  }
}

/// Many concurrent writers, each with a wrong clock of its own, and readers that follow them.
final class WriteLoad: Sendable {
  private let writers: Int
  private let writes: Int
  private let ended = Mutex(false)

  init(writers: Int, writes: Int) {
    self.writers = writers
    self.writes = writes
  }

  /// True if the last write has returned.
  var hasEnded: Bool { ended.withLock { $0 } }

  /// Runs the writers. Each write has two events: one of the writer's own aggregate, and one of an aggregate that all
  /// share.
  ///
  /// - Returns: The ids of all written events.
  func run(on executor: any Executor) async throws -> [ULID] {
    defer { ended.withLock { $0 = true } }
    return try await withThrowingTaskGroup(of: [ULID].self) { group in
      for writer in 0..<writers {
        group.addTask { [writes] in
          let clock = SkewedClock(seed: UInt64(writer))
          let name = writer % 2 == 0 ? "Even" : "Odd"
          let key = NewEvent.Routing.value(writer % 2 == 0 ? "even" : nil)
          var ids: [ULID] = []
          for _ in 0..<writes {
            ids += try await executor.writeWhole([
              .sample("w\(writer)", name, routingKey: key, timestamp: clock.next()),
              .sample("shared", name, routingKey: key, timestamp: clock.next()),
            ]).events.map(\.id)
          }
          return ids
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
  }

  /// Reads page after page until the writers have ended and no event is left.
  ///
  /// - Throws: ``ConformanceFailure`` if it reads more events than were written.
  func tail(
    _ executor: any Executor, _ filters: [ReadAggregator]?, _ key: RoutingKey, pageOf count: Int,
    from start: Args.Start = .beginning
  ) async throws -> [Edge<Event>] {
    var seen: [Edge<Event>] = []
    var start = start
    while true {
      // Checked before the read: the read must return everything written by then.
      let isLast = hasEnded
      let page = try await executor.forward(count, after: start, filters, key)
      seen += page.edges
      try require(seen.count <= writers * writes * 2, "a reader saw more events than were written")
      start = .after(try requireValue(page.pageInfo.endCursor, "the end cursor of a page"))
      if isLast, page.edges.isEmpty || !page.pageInfo.hasNextPage { return seen }
      // An executor that never suspends must not keep the writers from running.
      await Task.yield()
    }
  }
}
