internal import Evento

extension ConformanceCheck {
  static let formChecks: [ConformanceCheck] = [
    ConformanceCheck("names of 255 bytes are accepted, and kept exactly", .writing) { context in
      // 255 bytes of one, two, three and four bytes a character.
      let names = [
        String(repeating: "x", count: 255), String(repeating: "é", count: 127) + "x",
        String(repeating: "€", count: 85), String(repeating: "😀", count: 63) + "xyz",
      ]
      for name in names {
        try requireEqual(name.utf8.count, 255, "bytes of a name")
        try await context.executor.writeWhole([.sample(name, name, type: name, routingKey: .value(name))])
      }
      let log = try await context.executor.log()
      try requireTexts(log.map(\.node.aggregatorType), names, "types in the log")
      try requireTexts(log.map(\.node.aggregatorID), names, "ids in the log")
      try requireTexts(log.map(\.node.name), names, "names in the log")
      try requireTexts(log.map(\.node.routingKey), names, "routing keys in the log")
      for (index, name) in names.enumerated() {
        let filter = [ReadAggregator(name, id: name, name: name)]
        let found = try await context.executor.log(filter, .value(name))
        try requireEqual(found.ids, [log[index].node.id], "events found by names of 255 bytes")
      }
    },

    ConformanceCheck("names that are empty or longer than 255 bytes are refused", .writing) { context in
      for name in ["", String(repeating: "x", count: 256), String(repeating: "é", count: 128)] {
        try await requireRefused(name, on: context.executor)
      }
      try requireEqual(try await context.executor.log().count, 0, "events in the log")
    },

    ConformanceCheck("names with control characters are refused", .writing) { context in
      for name in ["\u{0}", "a\u{0}b", "a\nb", "\ta", "a\r", "\u{1F}", "a\u{7F}b"] {
        try await requireRefused(name, on: context.executor)
      }
      try requireEqual(try await context.executor.log().count, 0, "events in the log")
    },

    ConformanceCheck("names can have every other character", .writing) { context in
      for (index, name) in oddNames.enumerated() {
        let id = ULID()
        try await context.executor.writeWhole([.sample(name, name, type: name, id: id, routingKey: .value(name))])
        let all = try await context.executor.log()
        let edge = try requireValue(all.last, "the event named \(name)")
        try requireTexts(
          [edge.node.aggregatorType, edge.node.aggregatorID, edge.node.name, edge.node.routingKey],
          [name, name, name, name], "the names of an event")
        let filter = [ReadAggregator(name, id: name, name: name)]
        let found = try await context.executor.log(filter, .value(name))
        try requireEqual(found.ids, [id], "events found by the name \(name)")
        try requireEqual(all.count, index + 1, "events in the log")
      }
    },

    ConformanceCheck("timestamps can be any millisecond from 1970 to 9999", .writing) { context in
      let times = [
        Timestamp(seconds: 0), Timestamp(seconds: 0, subsecond: 1), Timestamp(seconds: 1_700_000_000, subsecond: 999),
        Timestamp(seconds: 4_294_967_296), Timestamp(seconds: 253_402_300_799, subsecond: 999),
      ]
      let result = try await context.executor.writeWhole(times.map { .sample(timestamp: $0) })
      try requireEqual(result.events.map(\.timestamp), times, "timestamps in the result")
      try requireEqual(try await context.executor.log().map(\.node.timestamp), times, "timestamps in the log")
    },

    ConformanceCheck("timestamps out of range are refused", .writing) { context in
      let times = [
        Timestamp(milliseconds: -1), Timestamp(seconds: -5), Timestamp(seconds: 253_402_300_800),
        Timestamp(milliseconds: .max), Timestamp(milliseconds: .min),
      ]
      for time in times {
        try await requireError(.invalidRequest, "a timestamp of \(time.milliseconds) ms") {
          try await context.executor.writeWhole([.sample(timestamp: time)])
        }
      }
      try requireEqual(try await context.executor.log().count, 0, "events in the log")
    },

    ConformanceCheck("an absent timestamp is the time of the write", .writing) { context in
      let result = try await context.executor.writeWhole([
        .sample(), .sample(timestamp: Timestamp(seconds: 1)), .sample(),
      ])
      try require(result.events[0].timestamp > Timestamp(seconds: 1_600_000_000), "the store assigned no sensible time")
      try requireEqual(result.events[1].timestamp, Timestamp(seconds: 1), "the timestamp that was given")
      try requireEqual(
        try await context.executor.log().map(\.node.timestamp), result.events.map(\.timestamp),
        "timestamps in the log")
    },
  ]

  /// Names that a proxy or a parser could mistake for something else.
  static let oddNames = [
    "a b", " ", "a/b", "/", ".", "..", "a//b", "%2F", "%", "a+b", "?x=1&y=2", "#", "'; DROP TABLE event; --", "\"",
    "\\",
    "{}", "null", "*", "now", "query", "stream", "-1", "\u{80}", "\u{85}", "\u{A0}", "\u{2028}", "\u{FEFF}x",
    "\u{FFFD}",
    "\u{FFFF}", "\u{10FFFF}", "日本語", "👩‍👩‍👧‍👦", "e\u{301}",
  ]

  /// Requires text to be rejected as each of an event's names.
  private static func requireRefused(
    _ name: String, on executor: any Executor, fileID: String = #fileID, line: Int = #line
  ) async throws {
    let events: [(String, NewEvent)] = [
      ("an aggregate's id", .sample(name)), ("an event's name", .sample("a", name)),
      ("an aggregate's type", .sample(type: name)), ("a routing key", .sample(routingKey: .value(name))),
    ]
    for (what, event) in events {
      try await requireError(.invalidRequest, "\(name.debugDescription) as \(what)", fileID: fileID, line: line) {
        try await executor.writeWhole([event])
      }
    }
  }
}
