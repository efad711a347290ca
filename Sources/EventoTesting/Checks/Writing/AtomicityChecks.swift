internal import Evento

extension ConformanceCheck {
  static let atomicityChecks: [ConformanceCheck] = [
    ConformanceCheck("a write without events is missing data", .writing) { context in
      try await requireError(.missingData, "a write of no events") { try await context.executor.writeWhole([]) }
      try requireEqual(try await context.executor.log().count, 0, "events stored by a write of nothing")
    },

    ConformanceCheck("a write returns what it stored, in the given order", .writing) { context in
      let time = Timestamp(seconds: 1_700_000_000, subsecond: 7)
      let events = [
        NewEvent.sample("b", "First", routingKey: .value("eu"), timestamp: time), .sample("a", "Second"),
        .sample("b", "Third", timestamp: time),
      ]
      let result = try await context.executor.writeWhole(events)
      try require(!result.isResend, "a first write is marked as a resend")
      try requireTexts(result.events.map(\.aggregatorID), ["b", "a", "b"], "aggregators in the result")
      try requireTexts(
        result.events.map(\.aggregatorType), Array(repeating: "bank/Account", count: 3), "types in the result")
      try requireEqual(result.events.map(\.version), [1, 1, 2], "versions in the result")
      try requireTexts(result.events.map(\.routingKey), ["eu", nil, "eu"], "routing keys in the result")
      try requireEqual(result.events[0].timestamp, time, "the timestamp in the result")
      try requireEqual(result.events[2].timestamp, time, "the timestamp in the result")
      let log = try await context.executor.log()
      try requireEqual(log.ids, result.events.map(\.id), "ids in the log")
      try requireEqual(log.map(\.cursor), result.events.map(\.cursor), "cursors in the log")
      try requireEqual(log.map(\.node.timestamp), result.events.map(\.timestamp), "timestamps in the log")
      try requireTexts(log.map(\.node.name), ["First", "Second", "Third"], "names in the log")
    },

    ConformanceCheck("a write can span aggregates and types", .writing) { context in
      let events = (0..<30).map { NewEvent.sample("id-\($0 % 5)", "N\($0)", type: "type-\($0 % 3)") }
      let result = try await context.executor.writeWhole(events)
      try requireEqual(
        result.events.map(\.version), (0..<30).map { $0 / 15 + 1 }, "versions of fifteen aggregates")
      try requireTexts(try await context.executor.log().map(\.node.name), events.map(\.name), "names in the log")
    },

    ConformanceCheck("a refused write stores none of its events", .writing) { context in
      let executor = context.executor
      let stored = try await executor.writeWhole([.sample("kept", id: ULID())])
      try await requireError(.invalidOriginalVersion, "a wrong version at the end of a write") {
        try await executor.writeWhole([.sample("x"), .sample("y", version: 1), .sample("z", version: 2)])
      }
      try await requireError(.duplicateEventID, "a stored id at the end of a write") {
        try await executor.writeWhole([.sample("x"), .sample("y"), .sample("other", id: stored.events[0].id)])
      }
      try await requireError(.invalidRequest, "an empty name at the end of a write") {
        try await executor.writeWhole([.sample("x"), .sample("y", "")])
      }
      try requireEqual(try await executor.log().ids, stored.events.map(\.id), "events after three refused writes")
      // No trace in versions and routing keys either.
      let next = try await executor.writeWhole([.sample("x", version: 1), .sample("y", version: 1)])
      try requireTexts(next.events.map(\.routingKey), [nil, nil], "routing keys after three refused writes")
    },

    ConformanceCheck("a write of a thousand events is stored whole", .writing) { context in
      let events = (0..<1000).map { NewEvent.sample("id-\($0 % 7)", "N\($0)", id: ULID()) }
      let result = try await context.executor.writeWhole(events)
      try requireEqual(result.events.map(\.id), events.compactMap(\.id), "ids in the result")
      try requireEqual(try await context.executor.log(pageOf: 333).ids, events.compactMap(\.id), "ids in the log")
    },

    ConformanceCheck("the store stays writable after a conflict", .writing) { context in
      for version in 1...20 {
        try await requireError(.invalidOriginalVersion, "version \(version + 1) as the next one") {
          try await context.executor.writeWhole([.sample(version: version), .sample(version: version + 2)])
        }
        try await context.executor.writeWhole([.sample(version: version)])
      }
      try requireEqual(try await context.executor.log().versions, Array(1...20), "versions in the log")
    },
  ]
}
