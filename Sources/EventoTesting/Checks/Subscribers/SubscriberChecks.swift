internal import Evento

extension ConformanceCheck {
  static let subscriberChecks: [ConformanceCheck] = [
    ConformanceCheck("a new subscriber is at the beginning, enabled and held by its worker", .subscribers) { context in
      let executor = context.executor
      let worker = ULID()
      let made = try await executor.upsertSubscriber("s", workerID: worker)
      try require(made.isNew, "a new subscriber passes for an old one")
      try requireTexts([made.subscriber.key], ["s"], "the key")
      try requireEqual(made.subscriber.workerID, worker, "the worker")
      try requireEqual(made.subscriber.cursor, nil, "the cursor")
      try requireEqual(made.subscriber.lag, 0, "the lag")
      try requireEqual(made.subscriber.isEnabled, true, "whether it is enabled")
      try require(made.subscriber.createdAt > Timestamp(seconds: 1_600_000_000), "the store assigned no sensible time")
      try requireEqual(try await executor.getSubscriberCursor("s"), nil, "the cursor of a new subscriber")
    },

    ConformanceCheck("a subscriber that is taken over keeps cursor, lag and enabled", .subscribers) { context in
      let executor = context.executor
      let cursor = try await executor.writeWhole([.sample(), .sample()]).events[0].cursor
      let (one, two) = (ULID(), ULID())
      let made = try await executor.upsertSubscriber("s", workerID: one).subscriber
      try await executor.acknowledge("s", cursor: cursor, lag: 42, workerID: one)
      let taken = try await executor.upsertSubscriber("s", workerID: two)
      try require(!taken.isNew, "a subscriber taken over is reported as new")
      try requireEqual(taken.subscriber.workerID, two, "the worker")
      try requireEqual(taken.subscriber.cursor, cursor, "the cursor")
      try requireEqual(taken.subscriber.lag, 42, "the lag")
      try requireEqual(taken.subscriber.isEnabled, true, "whether it is enabled")
      try requireEqual(taken.subscriber.createdAt, made.createdAt, "when it was created")
      try require(taken.subscriber.updatedAt >= made.updatedAt, "it was updated before it was created")
    },

    ConformanceCheck("a worker can take over a subscriber that it holds", .subscribers) { context in
      let executor = context.executor
      let worker = ULID()
      let cursor = try await executor.writeWhole([.sample()]).events[0].cursor
      try await executor.upsertSubscriber("s", workerID: worker)
      try await executor.acknowledge("s", cursor: cursor, lag: 0, workerID: worker)
      let again = try await executor.upsertSubscriber("s", workerID: worker)
      try requireEqual(again.isNew, false, "whether it is new")
      try requireEqual(again.subscriber.cursor, cursor, "the cursor")
      try requireEqual(try await executor.isSubscriberRunning("s", workerID: worker), true, "whether it runs")
    },

    ConformanceCheck("a subscriber runs only for the worker that holds it", .subscribers) { context in
      let executor = context.executor
      let (one, two) = (ULID(), ULID())
      func running() async throws -> [Bool] {
        [
          try await executor.isSubscriberRunning("s", workerID: one),
          try await executor.isSubscriberRunning("s", workerID: two),
          try await executor.isSubscriberRunning("other", workerID: one),
        ]
      }
      try requireEqual(try await running(), [false, false, false], "whether it runs, before there is one")
      try await executor.upsertSubscriber("s", workerID: one)
      try requireEqual(try await running(), [true, false, false], "whether it runs for one")
      try await executor.upsertSubscriber("s", workerID: two)
      try requireEqual(try await running(), [false, true, false], "whether it runs for two")
      try await executor.upsertSubscriber("s", workerID: one)
      try requireEqual(try await running(), [true, false, false], "whether it runs for one again")
    },

    ConformanceCheck("an unknown subscriber has no cursor", .subscribers) { context in
      try requireEqual(try await context.executor.getSubscriberCursor("unknown"), nil, "its cursor")
    },

    ConformanceCheck("subscribers' keys are compared by bytes", .subscribers) { context in
      let executor = context.executor
      let events = try await executor.writeWhole((0..<10).map { _ in .sample() }).events
      for keys in lookalikes {
        for (key, event) in zip(keys, events) {
          try require(
            try await executor.upsertSubscriber(key, workerID: ULID()).isNew, "the subscriber \(key) is there already")
          try await executor.acknowledge(key, cursor: event.cursor)
        }
        for (key, event) in zip(keys, events) {
          try requireEqual(try await executor.getSubscriberCursor(key), event.cursor, "the cursor of \(key)")
        }
      }
    },

    ConformanceCheck("a subscriber's key can be any name", .subscribers) { context in
      let executor = context.executor
      let cursor = try await executor.writeWhole([.sample()]).events[0].cursor
      for key in oddNames + [String(repeating: "x", count: 255), String(repeating: "€", count: 85)] {
        let worker = ULID()
        try requireTexts([try await executor.upsertSubscriber(key, workerID: worker).subscriber.key], [key], "the key")
        try requireTexts(
          [try await executor.acknowledge(key, cursor: cursor, lag: 1, workerID: worker).key], [key], "the key")
        try requireEqual(try await executor.getSubscriberCursor(key), cursor, "the cursor of \(key)")
        try requireEqual(try await executor.isSubscriberRunning(key, workerID: worker), true, "whether \(key) runs")
      }
    },

    ConformanceCheck("an invalid subscriber's key is refused", .subscribers) { context in
      let executor = context.executor
      for key in [
        "", "a\u{0}", "a\nb", "\u{7F}", String(repeating: "x", count: 256), String(repeating: "é", count: 128),
      ] {
        let what = "the key \(key.debugDescription)"
        try await requireError(.invalidRequest, "\(what) in an upsert") {
          try await executor.upsertSubscriber(key, workerID: ULID())
        }
        try await requireError(.invalidRequest, "\(what) in an acknowledgement") {
          try await executor.acknowledge(key, cursor: nil)
        }
        try await requireError(.invalidRequest, "\(what) in a look at its cursor") {
          try await executor.getSubscriberCursor(key)
        }
        try await requireError(.invalidRequest, "\(what) in a look at whether it runs") {
          try await executor.isSubscriberRunning(key, workerID: ULID())
        }
      }
    },

    ConformanceCheck("of many workers that create one subscriber, one creates it", .subscribers) { context in
      let executor = context.executor
      let results = try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<16 {
          group.addTask { try await executor.upsertSubscriber("s", workerID: ULID()).isNew }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      try requireEqual(results, 1, "workers that found it new")
    },
  ]
}
