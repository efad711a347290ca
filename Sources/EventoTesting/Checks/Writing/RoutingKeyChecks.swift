internal import Evento

extension ConformanceCheck {
  static let routingKeyChecks: [ConformanceCheck] = [
    ConformanceCheck("a new aggregate has no routing key by default", .writing) { context in
      let result = try await context.executor.writeWhole([
        .sample("a"), .sample("b", routingKey: .value(nil)), .sample("c", routingKey: .value("eu")),
      ])
      try await requireKeys([nil, nil, "eu"], of: result, on: context.executor)
    },

    ConformanceCheck("a routing key is inherited from the aggregate's latest event", .writing) { context in
      let executor = context.executor
      try await executor.writeWhole([.sample("a", routingKey: .value("eu")), .sample("b")])
      try await requireKeys(
        ["eu", nil], of: try await executor.writeWhole([.sample("a"), .sample("b")]), on: executor)
      try await executor.writeWhole([.sample("a", routingKey: .value("us"))])
      try await requireKeys(
        ["us", nil], of: try await executor.writeWhole([.sample("a"), .sample("b")]), on: executor)
    },

    ConformanceCheck("a routing key is inherited within one write", .writing) { context in
      let result = try await context.executor.writeWhole([
        .sample("a"), .sample("a", routingKey: .value("eu")), .sample("b"), .sample("a"),
        .sample("a", routingKey: .value("us")), .sample("a"), .sample("b"),
      ])
      try await requireKeys([nil, "eu", nil, "eu", "us", "us", nil], of: result, on: context.executor)
    },

    ConformanceCheck("an explicit absence of a routing key is inherited too", .writing) { context in
      let executor = context.executor
      try await executor.writeWhole([.sample("a", routingKey: .value("eu"))])
      let result = try await executor.writeWhole([.sample("a", routingKey: .value(nil)), .sample("a")])
      try await requireKeys([nil, nil], of: result, on: executor)
      try await requireKeys([nil], of: try await executor.writeWhole([.sample("a")]), on: executor)
    },

    ConformanceCheck("aggregates with the same id and different types inherit separately", .writing) { context in
      let executor = context.executor
      try await executor.writeWhole([
        .sample("a", type: "one", routingKey: .value("eu")), .sample("a", type: "two", routingKey: .value("us")),
      ])
      let result = try await executor.writeWhole([
        .sample("a", type: "one"), .sample("a", type: "two"), .sample("a", type: "three"),
      ])
      try await requireKeys(["eu", "us", nil], of: result, on: executor)
    },

    ConformanceCheck("a refused write does not change the routing key", .writing) { context in
      let executor = context.executor
      try await executor.writeWhole([.sample("a", routingKey: .value("eu"))])
      try await requireError(.invalidOriginalVersion, "a wrong version") {
        try await executor.writeWhole([.sample("a", version: 2, routingKey: .value("us")), .sample("b", version: 9)])
      }
      try await requireKeys(["eu"], of: try await executor.writeWhole([.sample("a")]), on: executor)
    },
  ]

  /// Requires routing keys in the result of a write, and in the log.
  private static func requireKeys(
    _ keys: [String?], of result: WriteResult, on executor: any Executor, fileID: String = #fileID, line: Int = #line
  ) async throws {
    try requireTexts(result.events.map(\.routingKey), keys, "routing keys in the result", fileID: fileID, line: line)
    let log = try await executor.log().suffix(keys.count)
    try requireTexts(log.map(\.node.routingKey), keys, "routing keys in the log", fileID: fileID, line: line)
  }
}
