internal import Evento

extension ConformanceCheck {
  static let erasureChecks: [ConformanceCheck] = [
    erasureCheck("an erased event has everything but its payload and metadata") { executor in
      let events = try await contents(executor)
      let result = try await executor.eraseAggregate(type: "bank/Account", id: "acc-1")
      try requireEqual(result, ErasureResult(events: events.count { isErased($0) }, snapshots: 0), "the result")
      let expected = events.map { isErased($0) ? Edge(cursor: $0.cursor, node: $0.node.withoutContent) : $0 }
      try requireEqual(try await executor.log(), expected, "the log")
      try requireEqual(try await executor.log(pageOf: 1), expected, "the log, one event at a time")
      try requireEqual(
        try await executor.logBackward(pageOf: 2).map(\.node), expected.map(\.node), "the log, backward")
      for edge in expected {
        guard isErased(edge) else { continue }
        let found = try await executor.log([ReadAggregator("bank/Account", id: "acc-1", name: edge.node.name)])
        try require(
          found.map(\.node).contains(edge.node), "the erased event \(edge.node.version) is not read by its name")
      }
      try requireEqual(
        try await executor.log([ReadAggregator("bank/Account")]).ids,
        expected.filter { $0.node.aggregatorType == "bank/Account" }.ids, "the events of the type")
    },

    ConformanceCheck(
      "an erased event is found by its id, without its payload and metadata", .erasure,
      needs: [.erasure, .eventLookup]
    ) { context in
      let executor = context.executor
      let events = try await contents(executor)
      try await executor.eraseAggregate(type: "bank/Account", id: "acc-1")
      for edge in events {
        let found = try requireValue(try await executor.event(edge.node.id), "the event")
        try requireEqual(found.node, isErased(edge) ? edge.node.withoutContent : edge.node, "the event")
      }
    },

    erasureCheck("each event is erased once, also one without a payload") { executor in
      try await executor.writeWhole([.sample(), .sample(data: Payload()), .sample("other")])
      let first = try await executor.eraseAggregate(type: "bank/Account", id: "acc-1")
      try requireEqual(first, ErasureResult(events: 2, snapshots: 0), "the first result")
      let second = try await executor.eraseAggregate(type: "bank/Account", id: "acc-1")
      try requireEqual(second, ErasureResult(events: 0, snapshots: 0), "the second result")
      try await executor.writeWhole([.sample(data: Payload())])
      let third = try await executor.eraseAggregate(type: "bank/Account", id: "acc-1")
      try requireEqual(third, ErasureResult(events: 1, snapshots: 0), "the result after another event")
      try requireEqual(
        try await executor.log().map(\.node.isErased), [true, true, false, true], "the events that are erased")
    },

    erasureCheck("an aggregate of many events is erased whole") { executor in
      let count = 2500
      for start in stride(from: 0, to: count, by: 500) {
        try await executor.writeWhole((0..<500).map { .sample(data: Payload("\(start + $0)")) } + [.sample("other")])
      }
      let result = try await executor.eraseAggregate(type: "bank/Account", id: "acc-1")
      try requireEqual(result.events, count, "erased events")
      let events = try await executor.log()
      try require(
        events.allSatisfy { $0.node.isErased == ($0.node.aggregatorID == "acc-1") },
        "not the aggregate's events are erased")
    },

    erasureCheck("an aggregate without events can't be erased, and keeps its snapshots") { executor in
      let cursor = try await executor.writeWhole([.sample(), .sample("other", type: "shop/Order")]).events[0].cursor
      let key = SnapshotKey.sample(id: "other")
      try await executor.saveSnapshot(key, Snapshot(data: Payload("1"), cursor: cursor))
      for (type, id) in [
        ("bank/Account", "other"), ("absent", "acc-1"), ("acc-1", "bank/Account"), ("Opened", "acc-1"),
      ] {
        try await requireError(.aggregatorNotFound, "erasing \(type) \(id)") {
          try await executor.eraseAggregate(type: type, id: id, snapshotTypes: ["bank/Account"])
        }
      }
      try requireEqual(try await executor.getSnapshot(key)?.data, Payload("1"), "the snapshot")
    },

    erasureCheck("snapshots of the given types with the aggregate's id are erased, of every revision") { executor in
      let cursor = try await executor.writeWhole([.sample(), .sample("other")]).events[0].cursor
      let erased = [
        SnapshotKey.sample(), .sample(revision: "2"), .sample(revision: "é"), .sample(type: "balance", revision: "0"),
      ]
      let kept = [
        SnapshotKey.sample(id: "other"), .sample(revision: "2", id: "acc-10"), .sample(type: "bank"),
        .sample(type: "bank/Account/more"), .sample(type: "a", revision: "bank/Account"),
      ]
      for key in erased + kept { try await executor.saveSnapshot(key, Snapshot(data: Payload("1"), cursor: cursor)) }
      let types = ["bank/Account", "absent", "balance", "bank/Account"]
      let result = try await executor.eraseAggregate(type: "bank/Account", id: "acc-1", snapshotTypes: types)
      try requireEqual(result, ErasureResult(events: 1, snapshots: erased.count), "the result")
      for key in erased { try requireEqual(try await executor.getSnapshot(key), nil, "the snapshot of \(key)") }
      for key in kept {
        try requireEqual(try await executor.getSnapshot(key)?.data, Payload("1"), "the snapshot of \(key)")
      }
      try await executor.saveSnapshot(erased[0], Snapshot(data: Payload("2"), cursor: cursor))
      let again = try await executor.eraseAggregate(type: "bank/Account", id: "acc-1", snapshotTypes: types)
      try requireEqual(again, ErasureResult(events: 0, snapshots: 1), "the result of the second erasure")
    },

    erasureCheck("the names of an erasure are compared by bytes") { executor in
      for (number, names) in lookalikes.enumerated() {
        let cursor = try await executor.writeWhole(names.map { .sample($0, type: "id \(number)") }).events[0].cursor
        try await executor.writeWhole(names.map { .sample("type \(number)", type: $0) })
        for name in names {
          let key = SnapshotKey(type: name, revision: "1", id: names[0])
          try await executor.saveSnapshot(key, Snapshot(data: Payload("1"), cursor: cursor))
        }
        let byID = try await executor.eraseAggregate(type: "id \(number)", id: names[0], snapshotTypes: [names[0]])
        try requireEqual(byID, ErasureResult(events: 1, snapshots: 1), "the result for an id")
        let byType = try await executor.eraseAggregate(type: names[0], id: "type \(number)")
        try requireEqual(byType, ErasureResult(events: 1, snapshots: 0), "the result for a type")
      }
    },

    erasureCheck("a resend that contains an erased event is refused") { executor in
      let events = [
        NewEvent.sample(id: ULID()), .sample(id: ULID(), data: Payload()), .sample("other", id: ULID()),
      ]
      for event in events { try await executor.writeWhole([event]) }
      try await executor.eraseAggregate(type: "bank/Account", id: "acc-1")
      for (write, first) in [([0], 0), ([1], 1), ([2, 1], 1), ([2, 0, 1], 0)] {
        let error = try await requireError(.duplicateEventID, "a resend of \(write)") {
          try await executor.write(write.map { events[$0] })
        }
        let id = try requireValue(events[first].id, "the id")
        try requireEqual(error.facts, .event(id), "the event that is to blame")
      }
      try require(try await executor.write([events[2]]).isResend, "the resend of another event is not one")
      try requireEqual(try await executor.log().count, 3, "events")
    },

    erasureCheck("an erased aggregate goes on as before") { executor in
      try await executor.writeWhole([.sample(), .sample(routingKey: .value("eu"))])
      try await executor.eraseAggregate(type: "bank/Account", id: "acc-1")
      try await requireError(.invalidOriginalVersion, "version 2") { try await executor.write([.sample(version: 2)]) }
      let written = try await executor.writeWhole([.sample(version: 3, data: Payload("3"))]).events[0]
      try requireEqual(written.version, 3, "the version")
      try requireEqual(written.routingKey, "eu", "the routing key")
      let last = try requireValue(try await executor.log().last, "the last event")
      try requireEqual(last.node.data, Payload("3"), "the payload")
      try require(!last.node.isErased, "a later event is erased")
    },

    ConformanceCheck(
      "erased events match conditions", .erasure, needs: [.erasure, .conditionalWrites]
    ) { context in
      let executor = context.executor
      let cursor = try await executor.writeWhole([.sample(), .sample()]).events[0].cursor
      try await executor.eraseAggregate(type: "bank/Account", id: "acc-1")
      let filters = [ReadAggregator("bank/Account", id: "acc-1", name: "Opened")]
      try await requireError(.conditionFailed, "a write on condition that there is no event") {
        try await executor.write(
          [.sample("other")], condition: WriteCondition(failIfEventsMatch: filters, after: cursor))
      }
    },

    erasureCheck("cursors from before an erasure stay valid") { executor in
      let events = try await executor.writeWhole([.sample(), .sample("other"), .sample()]).events
      try await executor.upsertSubscriber("reader", workerID: ULID())
      try await executor.eraseAggregate(type: "bank/Account", id: "acc-1")
      for (index, event) in events.enumerated() {
        let rest = try await executor.forward(10, after: .after(event.cursor)).edges
        try requireEqual(rest.ids, events[(index + 1)...].map(\.id), "events after the cursor")
        try await executor.acknowledge("reader", cursor: event.cursor)
        try await executor.saveSnapshot(.sample(), Snapshot(data: Payload("1"), cursor: event.cursor))
      }
    },

    erasureCheck("an erasure with invalid arguments is refused") { executor in
      try await executor.writeWhole([.sample()])
      for name in ["", "a\u{0}", "a\nb", "\u{7F}", String(repeating: "x", count: 256)] {
        let what = "erasing with \(name.debugDescription)"
        try await requireError(.invalidRequest, what) { try await executor.eraseAggregate(type: name, id: "acc-1") }
        try await requireError(.invalidRequest, what) {
          try await executor.eraseAggregate(type: "bank/Account", id: name)
        }
        try await requireError(.invalidRequest, what) {
          try await executor.eraseAggregate(type: "bank/Account", id: "acc-1", snapshotTypes: ["a", name])
        }
      }
      let types = (0...ErasureResult.maximumSnapshotTypes).map { "type \($0)" }
      try await requireError(.invalidRequest, "erasing snapshots of too many types") {
        try await executor.eraseAggregate(type: "bank/Account", id: "acc-1", snapshotTypes: types)
      }
      try requireEqual(try await executor.log().map(\.node.isErased), [false], "erased events")
      let result = try await executor.eraseAggregate(
        type: "bank/Account", id: "acc-1", snapshotTypes: Array(types.dropLast()))
      try requireEqual(result.events, 1, "erased events with as many types as allowed")
    },

    erasureCheck("followers get erased events without their payload") { executor in
      let ids = try await contents(executor).ids
      try await executor.eraseAggregate(type: "bank/Account", id: "acc-1")
      var seen: [ULID] = []
      for try await edge in executor.events(matching: nil, routingKey: .all, after: .beginning) {
        try requireEqual(edge.node.isErased, isErased(edge), "whether event \(seen.count) is erased")
        try require(!edge.node.isErased || edge.node.data.bytes.isEmpty, "an erased event has a payload")
        seen.append(edge.node.id)
        if seen.count == ids.count { break }
      }
      try requireEqual(seen, ids, "the events")
    },
  ]

  private static func erasureCheck(
    _ name: String, _ body: @escaping @Sendable (any Executor) async throws -> Void
  ) -> ConformanceCheck {
    ConformanceCheck(name, .erasure, needs: [.erasure]) { context in try await body(context.executor) }
  }

  /// Writes events with all kinds of content, of the aggregate `acc-1` that is erased and of others.
  ///
  /// - Returns: The log.
  private static func contents(_ executor: any Executor) async throws -> [Edge<Event>] {
    let large = Payload((0..<100_000).map { UInt8(truncatingIfNeeded: $0) })
    try await executor.writeWhole([
      .sample(metadata: try Metadata(json: #"{"requested_by":"ada"}"#)), .sample("acc-2"),
      .sample("acc-1", "Renamed", data: Payload([0xFF, 0])), .sample(type: "shop/Order"), .sample(data: Payload()),
      .sample("acc-2", data: large), .sample(routingKey: .value("eu"), data: large), .sample("acc-10"),
    ])
    return try await executor.log()
  }

  private static func isErased(_ edge: Edge<Event>) -> Bool {
    edge.node.aggregatorType == "bank/Account" && edge.node.aggregatorID == "acc-1"
  }
}

extension Event {
  /// The event as it must be once it is erased.
  fileprivate var withoutContent: Event {
    Event(
      id: id, aggregatorType: aggregatorType, aggregatorID: aggregatorID, version: version, name: name,
      routingKey: routingKey, data: Payload(), metadata: Metadata(), timestamp: timestamp, isErased: true)
  }
}
