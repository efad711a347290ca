internal import Evento

extension ConformanceCheck {
  static let filterChecks: [ConformanceCheck] = [
    filterCheck("no filters read all events", [nil]),
    filterCheck("an empty list of filters reads no events", [[]]),
    filterCheck("a filter by type", ["t0", "t1", "t2", "absent", "t"].map { [ReadAggregator($0)] }),
    filterCheck(
      "a filter by type and id",
      [("t0", "id-0"), ("t1", "id-0"), ("t2", "id-3"), ("t0", "absent"), ("absent", "id-0"), ("id-0", "t0")]
        .map { [ReadAggregator($0, id: $1)] }),
    filterCheck(
      "a filter by type and name",
      [("t0", "N0"), ("t1", "N0"), ("t2", "N3"), ("t0", "absent"), ("absent", "N0")]
        .map { [ReadAggregator($0, name: $1)] }),
    filterCheck(
      "a filter by type, id and name",
      [
        ("t0", "id-0", "N0"), ("t1", "id-2", "N1"), ("t2", "id-3", "N3"), ("t0", "id-0", "absent"),
        ("t0", "N0", "id-0"),
      ]
      .map { [ReadAggregator($0, id: $1, name: $2)] }),
    filterCheck(
      "several filters read what matches any of them, each event once",
      [
        [ReadAggregator("t0"), ReadAggregator("t1")],
        [ReadAggregator("t0"), ReadAggregator("t0")],
        [ReadAggregator("t0"), ReadAggregator("t0", id: "id-0"), ReadAggregator("t0", name: "N1")],
        [ReadAggregator("t0", id: "id-1"), ReadAggregator("t1", name: "N1"), ReadAggregator("absent")],
        [ReadAggregator("t2", id: "id-1", name: "N2"), ReadAggregator("t2", id: "id-1", name: "N1")],
        [ReadAggregator("absent"), ReadAggregator("t", id: "absent")],
      ]),

    ConformanceCheck("any two hundred filters read what matches any of them", .reading) { context in
      let log = try await writeSampleLog(on: context.executor)
      var random = SeededGenerator(seed: 11)
      for count in [2, 3, 5, 20, 200] {
        for key in sampleKeys {
          let filters = (0..<count).map { _ in randomFilter(&random) }
          try await requireMatches(filters, key, of: log, on: context.executor)
        }
      }
    },

    ConformanceCheck("more than two hundred filters are refused", .reading) { context in
      let filters = (0...ReadAggregator.maximumCount).map { ReadAggregator("t\($0)") }
      try await requireError(.invalidRequest, "201 filters") {
        try await context.executor.forward(1, after: .beginning, filters)
      }
      try await requireError(.invalidRequest, "201 filters, backward") {
        try await context.executor.backward(1, before: nil, filters)
      }
    },

    ConformanceCheck("a filter with an invalid name is refused", .reading) { context in
      for name in ["", "a\u{0}", "a\nb", "\u{7F}", String(repeating: "x", count: 256)] {
        for filter in [ReadAggregator(name), ReadAggregator("t", id: name), ReadAggregator("t", name: name)] {
          try await requireError(.invalidRequest, "\(name.debugDescription) in a filter") {
            try await context.executor.forward(1, after: .beginning, [filter])
          }
        }
        try await requireError(.invalidRequest, "\(name.debugDescription) as a routing key") {
          try await context.executor.forward(1, after: .beginning, nil, .value(name))
        }
      }
    },
  ]

  static let routingKeyReadChecks: [ConformanceCheck] = [
    ConformanceCheck("a read with a routing key returns the events that have it", .reading) { context in
      let log = try await writeSampleLog(on: context.executor)
      for key in ["eu", "us", "absent", "EU"] {
        try await requireMatches(nil, .value(key), of: log, on: context.executor)
      }
    },

    ConformanceCheck("a read without routing keys returns the events that have none", .reading) { context in
      let log = try await writeSampleLog(on: context.executor)
      try await requireMatches(nil, .value(nil), of: log, on: context.executor)
    },

    ConformanceCheck("a read with a routing key and filters returns what matches both", .reading) { context in
      let log = try await writeSampleLog(on: context.executor)
      let filters: [[ReadAggregator]] = [
        [ReadAggregator("t0")], [ReadAggregator("t0", id: "id-1")], [ReadAggregator("t1", name: "N2")],
        [ReadAggregator("t1", id: "id-2", name: "N0")], [ReadAggregator("t0"), ReadAggregator("t2", name: "N1")], [],
      ]
      for filter in filters {
        for key in sampleKeys {
          try await requireMatches(filter, key, of: log, on: context.executor)
        }
      }
    },

    ConformanceCheck("a routing key can look like any other name", .reading) { context in
      for key in oddNames {
        let id = try await context.executor.writeWhole([.sample("k", routingKey: .value(key))]).events[0].id
        try requireEqual(
          try await context.executor.log(nil, .value(key)).ids, [id], "events with the routing key \(key)")
      }
      try requireEqual(try await context.executor.log(nil, .value(nil)).count, 0, "events with no routing key")
    },
  ]

  static let sampleKeys: [RoutingKey] = [.all, .value(nil), .value("eu"), .value("us"), .value("absent")]

  private static func filterCheck(_ name: String, _ filters: [[ReadAggregator]?]) -> ConformanceCheck {
    ConformanceCheck("\(name) (filters)", .reading) { context in
      let log = try await writeSampleLog(on: context.executor)
      for filter in filters {
        try await requireMatches(filter, .all, of: log, on: context.executor)
      }
    }
  }

  static func randomFilter(_ random: inout SeededGenerator) -> ReadAggregator {
    ReadAggregator(
      "t\(Int.random(in: 0..<4, using: &random))",
      id: Bool.random(using: &random) ? "id-\(Int.random(in: 0..<5, using: &random))" : nil,
      name: Bool.random(using: &random) ? "N\(Int.random(in: 0..<5, using: &random))" : nil)
  }

  /// Writes a log in which every filter has something to find and something to leave out, and returns it.
  static func writeSampleLog(on executor: any Executor) async throws -> [Edge<Event>] {
    var random = SeededGenerator(seed: 7)
    let writes = (0..<150).map { _ in
      NewEvent.sample(
        "id-\(Int.random(in: 0..<4, using: &random))", "N\(Int.random(in: 0..<4, using: &random))",
        type: "t\(Int.random(in: 0..<3, using: &random))",
        routingKey: [.value(nil), .value("eu"), .value("us")].randomElement(using: &random) ?? .inherited)
    }
    for start in stride(from: 0, to: writes.count, by: 25) {
      try await executor.writeWhole(Array(writes[start..<start + 25]))
    }
    let log = try await executor.log(pageOf: 37)
    try requireTexts(log.map(\.node.name), writes.map(\.name), "names in the log")
    return log
  }

  /// Requires a read, in small pages and large ones, forward and backward, from either end and from the middle, to
  /// return the matching events in the order of the log.
  static func requireMatches(
    _ filters: [ReadAggregator]?, _ key: RoutingKey, of log: [Edge<Event>], on executor: any Executor,
    fileID: String = #fileID, line: Int = #line
  ) async throws {
    func matches(_ edge: Edge<Event>) -> Bool {
      key.matches(edge.node) && (filters?.contains { $0.matches(edge.node) } ?? true)
    }
    let what = filters.map { "\($0.prefix(3)) (\($0.count)), \(key)" } ?? "all, \(key)"
    let expected = log.filter(matches)
    for count in [11, 1000] {
      let forward = try await executor.log(filters, key, pageOf: count)
      try requireEqual(
        forward.map(\.node), expected.map(\.node), "read forward in pages of \(count): \(what)", fileID: fileID,
        line: line)
      let backward = try await executor.logBackward(filters, key, pageOf: count)
      try requireEqual(
        backward.map(\.node), expected.map(\.node), "read backward in pages of \(count): \(what)", fileID: fileID,
        line: line)
    }
    let middle = log.count / 2
    let behind = try await executor.log(filters, key, pageOf: 1000, from: .after(log[middle].cursor))
    try requireEqual(
      behind.ids, log[(middle + 1)...].filter(matches).map(\.node.id), "after the middle: \(what)", fileID: fileID,
      line: line)
    let before = try await executor.logBackward(filters, key, pageOf: 1000, before: log[middle].cursor)
    try requireEqual(
      before.ids, log[..<middle].filter(matches).map(\.node.id), "before the middle: \(what)", fileID: fileID,
      line: line)
  }
}
