internal import Evento

extension ConformanceCheck {
  static let resendChecks: [ConformanceCheck] = [
    ConformanceCheck("a resend returns the first result, and stores nothing", .writing) { context in
      let executor = context.executor
      let events = [
        NewEvent.sample("a", id: ULID()), .sample("b", id: ULID(), routingKey: .value("r")), .sample("a", id: ULID()),
      ]
      let first = try await executor.writeWhole(events)
      for _ in 0..<3 {
        let again = try await executor.writeWhole(events)
        try require(again.isResend, "a resend is not marked as one")
        try requireEqual(again.events, first.events, "the result of a resend")
      }
      try requireEqual(try await executor.log().count, 3, "events in the log")
    },

    ConformanceCheck("a resend can regroup its events", .writing) { context in
      let executor = context.executor
      let events = ["a", "b", "a", "c"].map { NewEvent.sample($0, id: ULID()) }
      let first = try await executor.writeWhole(events)
      for (index, event) in events.enumerated() {
        let again = try await executor.writeWhole([event])
        try require(again.isResend, "one event of a write, sent again, is not recognized")
        try requireEqual(again.events, [first.events[index]], "the result of a resend of one event")
      }
      let reversed = try await executor.writeWhole(events.reversed())
      try require(reversed.isResend, "a write sent again in another order is not recognized")
      try requireEqual(reversed.events, first.events.reversed(), "the result of a resend in another order")
      let other = NewEvent.sample("d", id: ULID())
      let alone = try await executor.writeWhole([other]).events[0]
      let joined = try await executor.writeWhole([events[1], other])
      try requireEqual(joined.events, [first.events[1], alone], "the result of a resend of two writes in one")
      try requireEqual(try await executor.log().count, 5, "events in the log")
    },

    ConformanceCheck("a resend is recognized after later events", .writing) { context in
      let executor = context.executor
      let events = [NewEvent.sample(id: ULID(), version: 1), .sample(id: ULID(), version: 2)]
      let first = try await executor.writeWhole(events)
      try await executor.writeWhole([.sample(version: 3, routingKey: .value("moved")), .sample(version: 4)])
      let again = try await executor.writeWhole(events)
      try require(again.isResend, "a resend of old versions is not recognized")
      try requireEqual(again.events, first.events, "the result of a resend")
    },

    ConformanceCheck("absent members of a resend match any stored value", .writing) { context in
      let executor = context.executor
      let event = NewEvent.sample(
        id: ULID(), version: 1, routingKey: .value("r"), timestamp: Timestamp(seconds: 5, subsecond: 6))
      let first = try await executor.writeWhole([event])
      let changes: [(inout NewEvent) -> Void] = [
        { $0.version = nil }, { $0.routingKey = .inherited }, { $0.timestamp = nil },
        { ($0.version, $0.routingKey, $0.timestamp) = (nil, .inherited, nil) },
      ]
      for change in changes {
        var again = event
        change(&again)
        try requireEqual(try await executor.writeWhole([again]).events, first.events, "the result of a resend")
      }
    },

    ConformanceCheck("members that the store assigned can be sent in a resend", .writing) { context in
      let executor = context.executor
      try await executor.writeWhole([.sample(routingKey: .value("r"))])
      let event = NewEvent.sample(id: ULID())
      let stored = try await executor.writeWhole([event]).events[0]
      var again = event
      (again.version, again.routingKey, again.timestamp) = (2, .value("r"), stored.timestamp)
      let result = try await executor.writeWhole([again])
      try require(result.isResend, "a resend with the members that the store assigned is not recognized")
      try requireEqual(result.events, [stored], "the result of a resend")
    },

    ConformanceCheck("an absent payload counts as no bytes, and absent metadata as {}", .writing) { context in
      let executor = context.executor
      let event = NewEvent(id: ULID(), aggregatorType: "t", aggregatorID: "i", name: "n")
      try await executor.writeWhole([event])
      var again = event
      (again.data, again.metadata) = (Payload([]), try Metadata(json: " {} "))
      try require(try await executor.writeWhole([again]).isResend, "a resend with no bytes and {} is not recognized")
      for (data, metadata) in [(Payload("{}"), "{}"), (Payload("null"), "{}"), (Payload(), "{ }")] {
        var other = event
        (other.data, other.metadata) = (data, try Metadata(json: metadata))
        try await requireDuplicate(of: event, [other], on: executor)
      }
    },

    ConformanceCheck("an id stored with another aggregate or name is a duplicate", .writing) { context in
      try await requireDuplicates(on: context.executor) {
        [
          { $0.aggregatorType = "x" }, { $0.aggregatorID = "x" }, { $0.name = "x" },
          { $0.aggregatorType = "bank/account" }, { $0.name = "Opened " },
        ]
      }
    },

    ConformanceCheck("an id stored with another version, key or time is a duplicate", .writing) { context in
      try await requireDuplicates(on: context.executor) {
        [
          { $0.version = 2 }, { $0.routingKey = .value("x") }, { $0.routingKey = .value(nil) },
          { $0.timestamp = Timestamp(seconds: 5, subsecond: 1) }, { $0.timestamp = Timestamp(seconds: 6) },
        ]
      }
    },

    ConformanceCheck("an id stored with other bytes is a duplicate", .writing) { context in
      try await requireDuplicates(on: context.executor) {
        [
          { $0.data = Payload(#"{"n": 1}"#) }, { $0.data = Payload(#"{"n":1.0}"#) }, { $0.data = Payload() },
          { $0.metadata = Metadata() }, { $0.metadata = try Metadata(json: #"{"a": 1}"#) },
        ]
      }
    },

    ConformanceCheck("a write that is only partly stored is a duplicate", .writing) { context in
      let executor = context.executor
      let stored = NewEvent.sample("a", id: ULID())
      let fresh = NewEvent.sample("b", id: ULID())
      try await executor.writeWhole([stored])
      try await requireDuplicate(of: stored, [stored, fresh], on: executor)
      try await requireDuplicate(of: stored, [fresh, stored], on: executor)
      // An event without an id never counts as stored.
      try await requireDuplicate(of: stored, [stored, .sample("c")], on: executor)
      try await requireDuplicate(of: stored, [.sample("c"), stored], on: executor)
      try requireEqual(try await executor.log().count, 1, "events in the log")
    },

    ConformanceCheck("an id twice in one write is a duplicate", .writing) { context in
      let executor = context.executor
      let (stored, fresh) = (NewEvent.sample("a", id: ULID()), NewEvent.sample("b", id: ULID()))
      try await executor.writeWhole([stored])
      try await requireDuplicate(of: fresh, [fresh, fresh], on: executor)
      try await requireDuplicate(of: stored, [stored, stored], on: executor)
      let other = NewEvent.sample("other", "Other", id: fresh.id)
      try await requireDuplicate(of: fresh, [.sample("c", id: ULID()), fresh, other], on: executor)
      try requireEqual(try await executor.log().count, 1, "events in the log")
    },

    ConformanceCheck("of several duplicates the first in the write is named", .writing) { context in
      let executor = context.executor
      let (one, two) = (NewEvent.sample("a", id: ULID()), NewEvent.sample("b", id: ULID()))
      try await executor.writeWhole([one, two])
      var (otherOne, otherTwo) = (one, two)
      (otherOne.name, otherTwo.name) = ("X", "X")
      try await requireDuplicate(of: one, [otherOne, otherTwo], on: executor)
      try await requireDuplicate(of: two, [otherTwo, otherOne], on: executor)
      try await requireDuplicate(of: two, [.sample("c", id: ULID()), otherTwo, one], on: executor)
      try await requireDuplicate(of: two, [one, otherTwo], on: executor)
    },

    ConformanceCheck("events without ids are stored each time they are written", .writing) { context in
      let event = NewEvent.sample(timestamp: Timestamp(seconds: 9))
      let first = try await context.executor.writeWhole([event])
      let second = try await context.executor.writeWhole([event])
      try require(!second.isResend, "a write without an id is marked as a resend")
      try require(first.events[0].id != second.events[0].id, "two events got the same id")
      try requireEqual(try await context.executor.log().versions, [1, 2], "versions in the log")
    },

    ConformanceCheck("a resend is detected before versions are checked", .writing) { context in
      let executor = context.executor
      let event = NewEvent.sample(id: ULID(), version: 1)
      try await executor.writeWhole([event])
      try require(try await executor.writeWhole([event]).isResend, "a resend of an old version is not recognized")
      // A write that is stored only in part is a duplicate, although its versions are wrong too.
      try await requireDuplicate(of: event, [.sample("b", version: 7), event], on: executor)
    },

    ConformanceCheck("of many senders of the same write, one stores it and all get its result", .writing) { context in
      let executor = context.executor
      for round in 0..<10 {
        let events = [NewEvent.sample("r\(round)", id: ULID(), version: 1), .sample("x", id: ULID())]
        let results = try await withThrowingTaskGroup(of: WriteResult.self) { group in
          for _ in 0..<8 {
            group.addTask { try await executor.writeWhole(events) }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        try requireEqual(results.filter { !$0.isResend }.count, 1, "writes that stored something")
        for result in results {
          try requireEqual(result.events, results[0].events, "the results of one write")
        }
      }
      try requireEqual(try await executor.log().count, 20, "events in the log")
    },

    ConformanceCheck("a thousand events sent again are a resend", .writing) { context in
      let events = (0..<1000).map { NewEvent.sample("id-\($0 % 50)", id: ULID()) }
      let first = try await context.executor.writeWhole(events)
      let again = try await context.executor.writeWhole(events)
      try require(again.isResend, "a large resend is not recognized")
      try requireEqual(again.events, first.events, "the result of a resend")
    },
  ]

  /// Writes an event, and requires each change of it under the same id to be rejected.
  private static func requireDuplicates(
    on executor: any Executor, fileID: String = #fileID, line: Int = #line,
    changes: () throws -> [(inout NewEvent) throws -> Void]
  ) async throws {
    let event = NewEvent.sample(
      id: ULID(), version: 1, routingKey: .value("r"), metadata: try Metadata(json: #"{"a":1}"#),
      timestamp: Timestamp(seconds: 5))
    try await executor.writeWhole([event])
    for change in try changes() {
      var other = event
      try change(&other)
      try await requireDuplicate(of: event, [other], on: executor, fileID: fileID, line: line)
    }
    try requireEqual(try await executor.log().count, 1, "events in the log", fileID: fileID, line: line)
  }

  /// Requires a write to be rejected with the event's id.
  private static func requireDuplicate(
    of event: NewEvent, _ events: [NewEvent], on executor: any Executor, fileID: String = #fileID, line: Int = #line
  ) async throws {
    let error = try await requireError(.duplicateEventID, "a stored id", fileID: fileID, line: line) {
      try await executor.writeWhole(events)
    }
    let id = try requireValue(event.id, "the id")
    try requireEqual(error.facts, .event(id), "the event that caused it", fileID: fileID, line: line)
  }
}
