internal import Evento

extension ConformanceCheck {
  static let commitSignalChecks: [ConformanceCheck] = [
    signalCheck("a commit moves the signal on") { executor, commits in
      for round in 0..<5 {
        let count = commits.count
        try await executor.writeWhole([.sample("a\(round)"), .sample("b")])
        try await requireMove(of: commits, past: count)
      }
    },

    signalCheck("who waits for a commit is woken by it") { executor, commits in
      for _ in 0..<5 {
        let count = commits.count
        async let move: Void = requireMove(of: commits, past: count)
        await Task.yield()
        try await executor.writeWhole([.sample()])
        try await move
      }
    },

    signalCheck("one commit wakes all waiting tasks") { executor, commits in
      let count = commits.count
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<20 {
          group.addTask { try await requireMove(of: commits, past: count) }
        }
        await Task.yield()
        try await executor.writeWhole([.sample()])
        try await group.waitForAll()
      }
    },

    signalCheck("readers that sleep on the signal miss nothing under sixteen writers") { executor, commits in
      let load = WriteLoad(writers: 16, writes: 6)
      let views = try await withThrowingTaskGroup(of: [ULID]?.self) { group in
        group.addTask {
          _ = try await load.run(on: executor)
          return nil
        }
        for reader in 0..<3 {
          group.addTask { try await follow(executor, commits, upTo: 16 * 6 * 2, pageOf: 5 + reader * 20) }
        }
        return try await group.reduce(into: [[ULID]]()) { views, view in
          if let view { views.append(view) }
        }
      }
      let log = try await executor.log().ids
      try requireEqual(log.count, 16 * 6 * 2, "events in the log")
      for view in views { try requireEqual(view, log, "events that a reader saw, in their order") }
    },
  ]

  private static func signalCheck(
    _ name: String, _ body: @escaping @Sendable (any Executor, CommitSignal) async throws -> Void
  ) -> ConformanceCheck {
    ConformanceCheck(name, .following, needs: [.commitSignal]) { context in
      try await body(context.executor, try requireValue(context.executor.commits, "the signal of commits"))
    }
  }

  /// Reads until it has a number of events, and waits for the signal whenever none are left.
  private static func follow(
    _ executor: any Executor, _ commits: CommitSignal, upTo total: Int, pageOf size: Int
  ) async throws -> [ULID] {
    var seen: [ULID] = []
    var start = Args.Start.beginning
    while seen.count < total {
      let count = commits.count
      let page = try await executor.forward(size, after: start)
      seen += page.edges.ids
      start = .after(try requireValue(page.pageInfo.endCursor, "the end cursor of a page"))
      if page.edges.isEmpty { try await requireMove(of: commits, past: count) }
    }
    return seen
  }

  /// The time after which a signal counts as lost. A commit is noticed within 100 ms.
  private static let patience: Duration = .seconds(10)

  private static func requireMove(
    of commits: CommitSignal, past count: UInt64, fileID: String = #fileID, line: Int = #line
  ) async throws {
    let isWoken = await hasEnded { await commits.wait(past: count, until: .now + patience + patience) }
    try require(
      isWoken && commits.count > count, "no task was woken by a commit for \(patience)", fileID: fileID, line: line)
  }

  /// Returns whether something ends within ``patience``.
  private static func hasEnded(_ body: @escaping @Sendable () async -> Void) async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        await body()
        return true
      }
      group.addTask {
        // Cancelled once the other task has ended; the result is not used then.
        try? await Task.sleep(for: patience)
        return false
      }
      let isFirst = await group.next() ?? false
      group.cancelAll()
      return isFirst
    }
  }
}
