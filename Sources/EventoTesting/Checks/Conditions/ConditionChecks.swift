internal import Evento

extension ConformanceCheck {
  static let conditionChecks: [ConformanceCheck] = [
    conditionCheck("a write without a condition is just a write") { writer in
      let event = NewEvent.sample(id: ULID(), version: 1)
      let result = try await writer.write([event], condition: nil)
      try require(!result.isResend, "a first write is marked as a resend")
      try requireEqual(try await writer.log().ids, result.events.map(\.id), "ids in the log")
      try requireEqual(try await writer.writeWhole([event]).events, result.events, "the result of a resend")
      try await requireError(.missingData, "a write of no events") { try await writer.write([], condition: nil) }
    },

    conditionCheck("a condition that no event breaks lets the write pass") { writer in
      try await writer.writeWhole([.sample("a", "Opened"), .sample("b", "Opened", type: "other")])
      let filters = [
        ReadAggregator("absent"), ReadAggregator("bank/Account", id: "b"), ReadAggregator("bank/Account", name: "X"),
        ReadAggregator("bank/Account", id: "a", name: "X"), ReadAggregator("other", id: "a"),
        ReadAggregator("other", id: "b", name: "Closed"), ReadAggregator("a", id: "bank/Account"),
      ]
      for filter in filters { try await writer.write([.sample("x")], failIf: [filter]) }
      try await writer.write([.sample("x")], failIf: filters)
      try requireEqual(try await writer.log().count, 10, "events in the log")
    },

    conditionCheck("a condition that an event breaks fails the write, by any of its filters") { writer in
      try await writer.writeWhole([.sample("a", "Opened"), .sample("b", "Closed", type: "other")])
      let filters = [
        ReadAggregator("bank/Account"), ReadAggregator("bank/Account", id: "a"),
        ReadAggregator("bank/Account", name: "Opened"), ReadAggregator("bank/Account", id: "a", name: "Opened"),
        ReadAggregator("other"), ReadAggregator("other", id: "b", name: "Closed"),
      ]
      for filter in filters {
        for filters in [[filter], [ReadAggregator("absent"), filter], [filter, ReadAggregator("absent", id: "x")]] {
          try await requireError(.conditionFailed, "a write against \(filters)") {
            try await writer.write([.sample("x")], failIf: filters)
          }
        }
      }
      try requireEqual(try await writer.log().count, 2, "events in the log")
    },

    conditionCheck("a condition counts only events after its cursor") { writer in
      let events = try await writer.writeWhole([.sample("a"), .sample("b"), .sample("a"), .sample("c")]).events
      let filters = [ReadAggregator("bank/Account", id: "a")]
      for event in events[..<2] {
        try await requireError(.conditionFailed, "an event after the cursor of a condition") {
          try await writer.write([.sample("x")], failIf: filters, after: event.cursor)
        }
      }
      for event in events[2...] {
        try await writer.write([.sample("x")], failIf: filters, after: event.cursor)
      }
      try await writer.writeWhole([.sample("a")])
      for event in events {
        try await requireError(.conditionFailed, "an event after the cursor of a condition") {
          try await writer.write([.sample("x")], failIf: filters, after: event.cursor)
        }
      }
    },

    conditionCheck("a condition can have any cursor that a read returned") { writer in
      let start = try requireValue(try await writer.forward(0).pageInfo.endCursor, "the cursor of the beginning")
      try await writer.write([.sample("x")], failIf: [ReadAggregator("bank/Account")], after: start)
      try await requireError(.conditionFailed, "an event after the beginning") {
        try await writer.write([.sample("x")], failIf: [ReadAggregator("bank/Account")], after: start)
      }
      for args in [Args.forward(after: .now), .forward(first: 5)] {
        let end = try await writer.read([], routingKey: .all, args: args).pageInfo.endCursor
        let position = try requireValue(end, "the end cursor of an empty page")
        try await writer.write([.sample("x")], failIf: [ReadAggregator("bank/Account")], after: position)
        try await requireError(.conditionFailed, "an event after the end") {
          try await writer.write([.sample("x")], failIf: [ReadAggregator("bank/Account")], after: position)
        }
      }
    },

    conditionCheck("events of the write itself do not break its condition") { writer in
      try await writer.write([.sample("a"), .sample("a")], failIf: [ReadAggregator("bank/Account", id: "a")])
      try requireEqual(try await writer.log().count, 2, "events in the log")
    },

    conditionCheck("a write that its condition fails stores nothing") { writer in
      try await writer.writeWhole([.sample("a", routingKey: .value("eu"))])
      let event = NewEvent.sample("b", id: ULID(), version: 1, routingKey: .value("us"))
      try await requireError(.conditionFailed, "a broken condition") {
        try await writer.write([event, .sample("c")], failIf: [ReadAggregator("bank/Account", id: "a")])
      }
      try requireEqual(try await writer.log().count, 1, "events in the log")
      let result = try await writer.write([event, .sample("c")], failIf: [ReadAggregator("bank/Account", id: "b")])
      try requireEqual(result.events.map(\.version), [1, 1], "versions of the write that passed")
    },

    conditionCheck("a resend is looked at before the condition") { writer in
      let event = NewEvent.sample("a", id: ULID())
      let filters = [ReadAggregator("bank/Account", id: "a")]
      let first = try await writer.write([event], failIf: filters)
      let again = try await writer.write([event], failIf: filters)
      try require(again.isResend, "a resend whose condition no longer holds is not recognized")
      try requireEqual(again.events, first.events, "the result of a resend")
      var other = event
      other.name = "Other"
      try await requireError(.duplicateEventID, "a duplicate with a broken condition") {
        try await writer.write([other], failIf: filters)
      }
    },

    conditionCheck("a wrong version is reported before a broken condition") { writer in
      try await writer.writeWhole([.sample("a")])
      try await requireError(.invalidOriginalVersion, "a wrong version with a broken condition") {
        try await writer.write([.sample("a", version: 5)], failIf: [ReadAggregator("bank/Account", id: "a")])
      }
    },

    conditionCheck("a condition takes one to two hundred filters") { writer in
      let filters = (0...ReadAggregator.maximumCount).map { ReadAggregator("t\($0)") }
      for filters in [[], filters] {
        try await requireError(.invalidRequest, "a condition with \(filters.count) filters") {
          try await writer.write([.sample()], failIf: filters)
        }
      }
      try await writer.write([.sample()], failIf: Array(filters.dropLast()))
      try await writer.writeWhole([.sample(type: "t199")])
      try await requireError(.conditionFailed, "an event that the last of two hundred filters matches") {
        try await writer.write([.sample()], failIf: Array(filters.dropLast()))
      }
    },

    conditionCheck("a condition with an invalid name is refused") { writer in
      for name in ["", "a\u{0}", String(repeating: "x", count: 256)] {
        for filter in [ReadAggregator(name), ReadAggregator("t", id: name), ReadAggregator("t", name: name)] {
          try await requireError(.invalidRequest, "\(name.debugDescription) in a condition") {
            try await writer.write([.sample()], failIf: [filter])
          }
        }
      }
      try requireEqual(try await writer.log().count, 0, "events in the log")
    },

    conditionCheck("of many writers with a condition on the same cursor, one wins") { writer in
      var position = try requireValue(try await writer.forward(0).pageInfo.endCursor, "the cursor of the beginning")
      for round in 0..<10 {
        let wins = try await withThrowingTaskGroup(of: Bool.self) { [position] group in
          for number in 0..<8 {
            group.addTask {
              do {
                try await writer.write(
                  [.sample("w\(number)", "Taken")], failIf: [ReadAggregator("bank/Account", name: "Taken")],
                  after: position)
                return true
              } catch let error as EventoError {
                try requireEqual(
                  error.code.rawValue, EventoError.Code.conditionFailed.rawValue, "the error of a late writer")
                return false
              }
            }
          }
          return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        try requireEqual(wins, 1, "writers that won round \(round)")
        let now = try await writer.forward(after: .now).pageInfo.endCursor
        position = try requireValue(now, "the cursor of now")
      }
    },
  ]

  private static func conditionCheck(
    _ name: String, _ body: @escaping @Sendable (any Executor) async throws -> Void
  ) -> ConformanceCheck {
    ConformanceCheck(name, .conditions, needs: [.conditionalWrites]) { context in
      try await body(context.executor)
    }
  }
}

extension Executor {
  /// Writes events on the condition that no event after a position matches a filter.
  @discardableResult
  fileprivate func write(
    _ events: [NewEvent], failIf filters: [ReadAggregator], after position: Cursor? = nil
  ) async throws -> WriteResult {
    try await write(events, condition: WriteCondition(failIfEventsMatch: filters, after: position))
  }
}
