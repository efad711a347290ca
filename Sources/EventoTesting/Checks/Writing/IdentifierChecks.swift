internal import Evento

extension ConformanceCheck {
  static let identifierChecks: [ConformanceCheck] = [
    ConformanceCheck("a given id is kept", .writing) { context in
      let texts = ["00000000000000000000000000", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01arz3ndektsv4rrffq69g5fav"]
      let ids = try texts.map { try requireValue(ULID($0), "the id \($0)") }
      let result = try await context.executor.writeWhole(ids.map { .sample(id: $0) })
      try requireEqual(result.events.map(\.id), ids, "ids in the result")
      try requireEqual(try await context.executor.log().ids, ids, "ids in the log")
    },

    ConformanceCheck("absent ids are generated, and unique", .writing) { context in
      let executor = context.executor
      let written = try await withThrowingTaskGroup(of: [ULID].self) { group in
        for writer in 0..<8 {
          group.addTask {
            var ids: [ULID] = []
            for _ in 0..<5 {
              ids += try await executor.writeWhole((0..<5).map { _ in .sample("w\(writer)") }).events.map(\.id)
            }
            return ids
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      try requireEqual(Set(written).count, 200, "different ids of 200 events")
      try requireEqual(Set(try await executor.log().ids), Set(written), "ids in the log")
    },

    ConformanceCheck("some events of a write can have an id and others none", .writing) { context in
      let id = ULID()
      let result = try await context.executor.writeWhole([.sample(), .sample(id: id), .sample()])
      try requireEqual(result.events[1].id, id, "the id in the result")
      try requireEqual(Set(result.events.map(\.id)).count, 3, "different ids")
      try requireEqual(try await context.executor.log().ids, result.events.map(\.id), "ids in the log")
    },

    ConformanceCheck("an event is found by its id", .writing, needs: [.eventLookup]) { context in
      let executor = context.executor
      let id = ULID()
      try await executor.writeWhole([
        .sample("a"), .sample("b", "Named", id: id, routingKey: .value("r"), data: Payload([0, 255])), .sample("c"),
      ])
      let edge = try requireValue(try await executor.event(id), "the event of the id")
      let log = try await executor.log()
      try requireEqual(log.count, 3, "events in the log")
      try requireEqual(edge.node, log[1].node, "the event that was found")
      // Its cursor is its position in the log.
      let behind = try await executor.log([ReadAggregator("bank/Account")], from: .after(edge.cursor))
      try requireEqual(behind.ids, [log[2].node.id], "events after the one that was found")
      for edge in log {
        try requireEqual(try await executor.event(edge.node.id)?.node, edge.node, "an event of the log, by its id")
      }
    },

    ConformanceCheck("an id that is not stored is not found", .writing, needs: [.eventLookup]) { context in
      let executor = context.executor
      try requireEqual(try await executor.event(ULID()), nil, "an event of an empty store")
      let id = ULID()
      try await requireError(.invalidOriginalVersion, "a wrong version") {
        try await executor.writeWhole([.sample(id: id, version: 2)])
      }
      try await executor.writeWhole([.sample()])
      try requireEqual(try await executor.event(id), nil, "an event that was refused")
    },
  ]
}
