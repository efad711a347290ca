internal import Evento

extension ConformanceCheck {
  static let unicodeChecks: [ConformanceCheck] = [
    ConformanceCheck("aggregates are compared by bytes, not by canonical equivalence", .content) { context in
      for names in lookalikes {
        let result = try await context.executor.writeWhole(names.map { .sample($0) } + names.map { .sample($0) })
        try requireEqual(
          result.events.map(\.version), names.map { _ in 1 } + names.map { _ in 2 }, "versions of \(names)")
        for name in names {
          let found = try await context.executor.log([ReadAggregator("bank/Account", id: name)])
          try requireTexts(found.map(\.node.aggregatorID), [name, name], "events found by the id \(name)")
        }
      }
    },

    ConformanceCheck("types are compared by bytes", .content) { context in
      for names in lookalikes {
        let result = try await context.executor.writeWhole(names.map { .sample(type: $0) })
        try requireEqual(result.events.map(\.version), names.map { _ in 1 }, "versions under \(names)")
        for name in names {
          let found = try await context.executor.log([ReadAggregator(name)])
          try requireTexts(found.map(\.node.aggregatorType), [name], "events found by the type \(name)")
        }
      }
    },

    ConformanceCheck("event names are compared by bytes", .content) { context in
      for names in lookalikes {
        try await context.executor.writeWhole(names.map { .sample("a", $0) })
        for name in names {
          let found = try await context.executor.log([ReadAggregator("bank/Account", name: name)])
          try requireTexts(found.map(\.node.name), [name], "events found by the name \(name)")
        }
      }
    },

    ConformanceCheck("routing keys are compared by bytes", .content) { context in
      for names in lookalikes {
        try await context.executor.writeWhole(names.map { .sample($0, routingKey: .value($0)) })
        for name in names {
          let found = try await context.executor.log(nil, .value(name))
          try requireTexts(found.map(\.node.routingKey), [name], "events found by the routing key \(name)")
        }
      }
    },

    ConformanceCheck("a resend is compared by bytes", .content) { context in
      for names in lookalikes {
        let event = NewEvent.sample(names[0], id: ULID(), routingKey: .value(names[0]))
        try await context.executor.writeWhole([event])
        for name in names.dropFirst() {
          var (otherID, otherKey) = (event, event)
          otherID.aggregatorID = name
          otherKey.routingKey = .value(name)
          for other in [otherID, otherKey] {
            try await requireError(.duplicateEventID, "\(name) in place of \(names[0])") {
              try await context.executor.writeWhole([other])
            }
          }
        }
      }
    },

    ConformanceCheck("a condition is compared by bytes", .content, needs: [.conditionalWrites]) { context in
      let writer = context.executor
      for names in lookalikes {
        try await writer.writeWhole([.sample(names[0])])
        for name in names.dropFirst() {
          try await writer.write(
            [.sample("other")],
            condition: WriteCondition(failIfEventsMatch: [ReadAggregator("bank/Account", id: name)]))
        }
      }
    },
  ]

  /// Texts that look alike, or are equal by a comparison other than by bytes.
  static let lookalikes: [[String]] = [
    ["caf\u{E9}", "cafe\u{301}"],
    ["\u{1E69}", "s\u{323}\u{307}", "s\u{307}\u{323}"],
    ["\u{212B}", "\u{C5}", "A\u{30A}"],
    ["\u{AC00}", "\u{1100}\u{1161}"],
    ["\u{FB01}", "fi", "FI"],
    ["key", "Key", "KEY", "key ", " key", "\u{FF4B}\u{FF45}\u{FF59}"],
    ["0", "00", "0.0", "\u{660}"],
  ]
}
