internal import Evento

extension ConformanceCheck {
  static let acknowledgeChecks: [ConformanceCheck] = [
    ConformanceCheck("an acknowledgement keeps cursor and lag", .subscribers) { context in
      let executor = context.executor
      let worker = ULID()
      try await executor.upsertSubscriber("s", workerID: worker)
      for (index, event) in try await executor.writeWhole((0..<3).map { _ in .sample() }).events.enumerated() {
        let lag = [7, 0, Subscriber.maximumLag][index]
        let subscriber = try await executor.acknowledge("s", cursor: event.cursor, lag: lag, workerID: worker)
        try requireEqual(subscriber.cursor, event.cursor, "the cursor in the result")
        try requireEqual(subscriber.lag, lag, "the lag in the result")
        try requireEqual(subscriber.workerID, worker, "the worker in the result")
        try requireEqual(try await executor.getSubscriberCursor("s"), event.cursor, "the cursor")
        try requireEqual(try await executor.upsertSubscriber("s", workerID: worker).subscriber.lag, lag, "the lag")
      }
      let cursor = try await executor.getSubscriberCursor("s")
      try requireEqual(try await executor.acknowledge("s", cursor: cursor).lag, 0, "a lag that is left out")
    },

    ConformanceCheck("an acknowledgement without a worker is accepted under any holder", .subscribers) {
      context in
      let executor = context.executor
      let worker = ULID()
      try await executor.upsertSubscriber("s", workerID: worker)
      let cursor = try await executor.writeWhole([.sample()]).events[0].cursor
      let subscriber = try await executor.acknowledge("s", cursor: cursor, lag: 5, workerID: nil)
      try requireEqual(subscriber.workerID, worker, "the worker")
      try requireEqual(try await executor.getSubscriberCursor("s"), cursor, "the cursor")
    },

    ConformanceCheck("an acknowledgement by a worker that lost the subscriber changes nothing", .subscribers) {
      context in
      let executor = context.executor
      let events = try await executor.writeWhole([.sample(), .sample()]).events
      let (one, two) = (ULID(), ULID())
      try await executor.upsertSubscriber("s", workerID: one)
      try await executor.acknowledge("s", cursor: events[0].cursor, lag: 3, workerID: one)
      try await executor.upsertSubscriber("s", workerID: two)
      for cursor in [events[1].cursor, events[0].cursor, nil] {
        try await requireError(.subscriberTakenOver, "an acknowledgement of the former worker") {
          try await executor.acknowledge("s", cursor: cursor, lag: 9, workerID: one)
        }
      }
      try requireEqual(try await executor.getSubscriberCursor("s"), events[0].cursor, "the cursor")
      let kept = try await executor.upsertSubscriber("s", workerID: two).subscriber
      try requireEqual(kept.lag, 3, "the lag")
      try requireEqual(
        try await executor.acknowledge("s", cursor: events[1].cursor, lag: 0, workerID: two).cursor, events[1].cursor,
        "the cursor that the new worker acknowledged")
    },

    ConformanceCheck("an acknowledgement of an unknown subscriber is refused", .subscribers) { context in
      let executor = context.executor
      let cursor = try await executor.writeWhole([.sample()]).events[0].cursor
      for cursor in [cursor, nil] {
        for worker in [ULID(), nil] {
          try await requireError(.subscriberNotFound, "an acknowledgement of an unknown subscriber") {
            try await executor.acknowledge("unknown", cursor: cursor, lag: 0, workerID: worker)
          }
        }
      }
      try requireEqual(
        try await executor.upsertSubscriber("unknown", workerID: ULID()).isNew, true, "whether it is new afterwards")
    },

    ConformanceCheck("a cursor of nil sends a subscriber back to the beginning", .subscribers) { context in
      let executor = context.executor
      let worker = ULID()
      let cursor = try await executor.writeWhole([.sample()]).events[0].cursor
      try await executor.upsertSubscriber("s", workerID: worker)
      try await executor.acknowledge("s", cursor: cursor, lag: 4, workerID: worker)
      let subscriber = try await executor.acknowledge("s", cursor: nil, lag: 6, workerID: worker)
      try requireEqual(subscriber.cursor, nil, "the cursor in the result")
      try requireEqual(subscriber.lag, 6, "the lag in the result")
      try requireEqual(try await executor.getSubscriberCursor("s"), nil, "the cursor")
      try await executor.acknowledge("s", cursor: cursor, lag: 0, workerID: worker)
      try requireEqual(try await executor.getSubscriberCursor("s"), cursor, "the cursor")
    },

    ConformanceCheck("a subscriber can go back to an earlier position", .subscribers) { context in
      let executor = context.executor
      let events = try await executor.writeWhole((0..<4).map { _ in .sample() }).events
      try await executor.upsertSubscriber("s", workerID: ULID())
      for index in [3, 0, 2, 1] {
        try await executor.acknowledge("s", cursor: events[index].cursor)
        let cursor = try requireValue(try await executor.getSubscriberCursor("s"), "the cursor")
        try requireEqual(
          try await executor.log(from: .after(cursor)).ids, events.dropFirst(index + 1).map(\.id),
          "events after the subscriber's cursor")
      }
    },

    ConformanceCheck("any cursor that a read returned can be acknowledged", .subscribers) { context in
      let executor = context.executor
      try await executor.upsertSubscriber("s", workerID: ULID())
      for round in 0..<3 {
        var positions = [
          try await executor.forward(0).pageInfo.endCursor, try await executor.forward(5).pageInfo.endCursor,
          try await executor.forward(5, after: .now).pageInfo.endCursor,
          try await executor.forward(5, after: .beginning, []).pageInfo.endCursor,
        ]
        if round > 0 { positions.append(try await executor.backward(5).pageInfo.startCursor) }
        for position in positions {
          let position = try requireValue(position, "a cursor")
          let expected = try await executor.log(from: .after(position)).ids
          try requireEqual(
            try await executor.acknowledge("s", cursor: position).cursor, position, "the cursor in the result")
          let kept = try requireValue(try await executor.getSubscriberCursor("s"), "the cursor")
          try requireEqual(kept, position, "the cursor")
          try requireEqual(
            try await executor.log(from: .after(kept)).ids, expected, "events after the subscriber's cursor")
        }
        try await executor.writeWhole((0..<3).map { _ in .sample() })
      }
    },

    ConformanceCheck("a lag out of range is refused", .subscribers) { context in
      let executor = context.executor
      let cursor = try await executor.writeWhole([.sample()]).events[0].cursor
      try await executor.upsertSubscriber("s", workerID: ULID())
      for lag in [-1, Subscriber.maximumLag + 1, .max, .min] {
        try await requireError(.invalidRequest, "a lag of \(lag)") {
          try await executor.acknowledge("s", cursor: cursor, lag: lag)
        }
      }
      try requireEqual(try await executor.getSubscriberCursor("s"), nil, "the cursor")
    },

    ConformanceCheck("a subscriber's loop handles every event once, across a take-over", .subscribers) { context in
      let executor = context.executor
      let worker = ULID()
      try await executor.upsertSubscriber("s", workerID: worker)
      var (written, handled): ([ULID], [ULID]) = ([], [])
      var holder = worker
      for round in 0..<12 {
        written += try await executor.writeWhole((0..<3).map { _ in .sample("a\(round % 2)") }).events.map(\.id)
        if round % 4 == 3 {
          holder = ULID()
          try await executor.upsertSubscriber("s", workerID: holder)
        }
        let cursor = try await executor.getSubscriberCursor("s")
        let page = try await executor.forward(round % 5 + 1, after: cursor.map { .after($0) } ?? .beginning)
        handled += page.edges.ids
        try await executor.acknowledge("s", cursor: page.pageInfo.endCursor, lag: 0, workerID: holder)
      }
      let cursor = try requireValue(try await executor.getSubscriberCursor("s"), "the cursor")
      handled += try await executor.log(from: .after(cursor)).ids
      try requireEqual(handled, written, "events that were handled")
    },
  ]
}
