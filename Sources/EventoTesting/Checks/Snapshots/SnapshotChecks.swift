internal import Evento

extension ConformanceCheck {
  static let snapshotChecks: [ConformanceCheck] = [
    ConformanceCheck("a snapshot that was never saved does not exist", .snapshots) { context in
      try requireEqual(try await context.executor.getSnapshot(.sample()), nil, "the snapshot")
    },

    ConformanceCheck("a snapshot comes back as it was saved", .snapshots) { context in
      let executor = context.executor
      let events = try await executor.writeWhole([.sample(), .sample(), .sample()]).events
      let snapshot = Snapshot(data: Payload(#"{"balance":1.10}"#), cursor: events[1].cursor)
      try await executor.saveSnapshot(.sample(), snapshot)
      let found = try requireValue(try await executor.getSnapshot(.sample()), "the snapshot")
      try requireEqual(found, snapshot, "the snapshot")
      try requireEqual(
        try await executor.log(from: .after(found.cursor)).ids, [events[2].id], "events after the snapshot")
    },

    ConformanceCheck("a snapshot replaces the previous one", .snapshots) { context in
      let executor = context.executor
      let events = try await executor.writeWhole([.sample(), .sample()]).events
      for (data, event) in [("1", events[0]), ("22", events[1]), ("", events[0]), ("[4]", events[1])] {
        let snapshot = Snapshot(data: Payload(data), cursor: event.cursor)
        try await executor.saveSnapshot(.sample(), snapshot)
        try requireEqual(try await executor.getSnapshot(.sample()), snapshot, "the snapshot")
      }
    },

    ConformanceCheck("snapshots are separate by type, revision and id", .snapshots) { context in
      let executor = context.executor
      let cursor = try await executor.writeWhole([.sample()]).events[0].cursor
      let keys = [
        SnapshotKey.sample(), .sample(revision: "2"), .sample(type: "other"), .sample(id: "other"),
        .sample(revision: "acc-1", id: "1"), .sample(revision: "02"),
      ]
      for (number, key) in keys.enumerated() {
        try requireEqual(try await executor.getSnapshot(key), nil, "a snapshot that was never saved")
        try await executor.saveSnapshot(key, Snapshot(data: Payload("\(number)"), cursor: cursor))
      }
      for (number, key) in keys.enumerated() {
        try requireEqual(try await executor.getSnapshot(key)?.data, Payload("\(number)"), "the snapshot of \(key)")
      }
      try await executor.saveSnapshot(keys[1], Snapshot(data: Payload("new"), cursor: cursor))
      try requireEqual(
        try await executor.getSnapshot(keys[0])?.data, Payload("0"), "the snapshot of another revision")
    },

    ConformanceCheck("a snapshot's key can contain slashes", .snapshots) { context in
      let cursor = try await context.executor.writeWhole([.sample()]).events[0].cursor
      let keys = [
        SnapshotKey(type: "bank/Account", revision: "1", id: "a"), SnapshotKey(type: "bank", revision: "1", id: "a"),
        SnapshotKey(type: "bank/1", revision: "1", id: "a"), SnapshotKey(type: "a/b/c/d", revision: "1", id: "a"),
        SnapshotKey(type: "bank/", revision: "1", id: "a"), SnapshotKey(type: "/bank", revision: "1", id: "a"),
        SnapshotKey(type: "bank//Account", revision: "1", id: "a"),
        SnapshotKey(type: "bank", revision: "Account/1", id: "a"), SnapshotKey(type: "bank", revision: "1", id: "a/b"),
      ]
      try await requireApart(keys, cursor, on: context.executor)
    },

    ConformanceCheck("a snapshot's key can have any names", .snapshots) { context in
      let cursor = try await context.executor.writeWhole([.sample()]).events[0].cursor
      let names = oddNames + [String(repeating: "x", count: 255), String(repeating: "€", count: 85)]
      let keys = names.flatMap { name in
        [
          SnapshotKey(type: name, revision: "r", id: "i"), SnapshotKey(type: "t", revision: name, id: "i"),
          SnapshotKey(type: "t", revision: "r", id: name), SnapshotKey(type: name, revision: name, id: name),
        ]
      }
      try await requireApart(keys, cursor, on: context.executor)
    },

    ConformanceCheck("snapshots' keys are compared by bytes", .snapshots) { context in
      let cursor = try await context.executor.writeWhole([.sample()]).events[0].cursor
      for names in lookalikes {
        try await requireApart(
          names.map { SnapshotKey(type: $0, revision: "1", id: "i") }
            + names.map { SnapshotKey(type: "t", revision: $0, id: "i") }
            + names.map { SnapshotKey(type: "t", revision: "1", id: $0) }, cursor, on: context.executor)
      }
    },

    ConformanceCheck("a snapshot's payload can be any bytes", .snapshots) { context in
      let executor = context.executor
      let cursor = try await executor.writeWhole([.sample()]).events[0].cursor
      var random = SeededGenerator(seed: 9)
      let large = (0..<1_000_000).map { _ in UInt8.random(in: 0...255, using: &random) }
      let texts = [
        "", " ", "1.10", "1E2", "1234567890123456789012345678901234567890", #"{"b":1,"a":2,"a":3}"#, #""\ud800""#,
        " [1] ", "[1,\r\n2]", "{", "null", "\"é\"",
      ]
      for bytes in texts.map({ Array($0.utf8) }) + [[0], [0xFF], (0...255).map { UInt8($0) }, large] {
        try await executor.saveSnapshot(.sample(), Snapshot(data: Payload(bytes), cursor: cursor))
        let found = try requireValue(try await executor.getSnapshot(.sample()), "the snapshot")
        try requireSame(found.data, bytes)
      }
    },

    ConformanceCheck("a snapshot can have any cursor that a read returned", .snapshots) { context in
      let executor = context.executor
      for _ in 0..<2 {
        let positions = [
          try await executor.forward(0).pageInfo.endCursor, try await executor.forward(5).pageInfo.endCursor,
          try await executor.forward(5, after: .now).pageInfo.endCursor,
          try await executor.forward(5, after: .beginning, []).pageInfo.endCursor,
        ]
        for position in positions {
          let position = try requireValue(position, "a cursor")
          try await executor.saveSnapshot(.sample(), Snapshot(data: Payload("1"), cursor: position))
          let found = try requireValue(try await executor.getSnapshot(.sample()), "the snapshot")
          try requireEqual(found.cursor, position, "the cursor of the snapshot")
        }
        try await executor.writeWhole((0..<3).map { _ in .sample() })
      }
    },

    ConformanceCheck("an invalid snapshot's key is refused", .snapshots) { context in
      let executor = context.executor
      let cursor = try await executor.writeWhole([.sample()]).events[0].cursor
      for name in ["", "a\u{0}", "a\nb", "\u{7F}", String(repeating: "x", count: 256)] {
        for key in [SnapshotKey.sample(type: name), .sample(revision: name), .sample(id: name)] {
          let what = "\(name.debugDescription) in a snapshot's key"
          try await requireError(.invalidRequest, what) { try await executor.getSnapshot(key) }
          try await requireError(.invalidRequest, what) {
            try await executor.saveSnapshot(key, Snapshot(data: Payload("1"), cursor: cursor))
          }
        }
      }
    },
  ]

  static let snapshotRemovalChecks: [ConformanceCheck] = [
    removalCheck("a snapshot that is deleted is gone, and no other") { remover in
      let cursor = try await remover.writeWhole([.sample()]).events[0].cursor
      let keys = [SnapshotKey.sample(), .sample(revision: "2"), .sample(id: "other"), .sample(type: "other")]
      for key in keys { try await remover.saveSnapshot(key, Snapshot(data: Payload("1"), cursor: cursor)) }
      try await remover.deleteSnapshot(keys[0])
      try requireEqual(try await remover.getSnapshot(keys[0]), nil, "the deleted snapshot")
      for key in keys.dropFirst() {
        try requireEqual(try await remover.getSnapshot(key)?.data, Payload("1"), "another snapshot")
      }
      try await remover.saveSnapshot(keys[0], Snapshot(data: Payload("2"), cursor: cursor))
      try requireEqual(try await remover.getSnapshot(keys[0])?.data, Payload("2"), "the snapshot that was saved again")
    },

    removalCheck("a snapshot that does not exist can't be deleted") { remover in
      let cursor = try await remover.writeWhole([.sample()]).events[0].cursor
      try await remover.saveSnapshot(.sample(), Snapshot(data: Payload("1"), cursor: cursor))
      for key in [SnapshotKey.sample(revision: "2"), .sample(id: "x"), .sample(type: "x")] {
        try await requireError(.snapshotNotFound, "deleting what is not there") {
          try await remover.deleteSnapshot(key)
        }
      }
      try await remover.deleteSnapshot(.sample())
      try await requireError(.snapshotNotFound, "deleting twice") { try await remover.deleteSnapshot(.sample()) }
      try await requireError(.invalidRequest, "deleting an invalid key") {
        try await remover.deleteSnapshot(.sample(id: ""))
      }
    },
  ]

  private static func removalCheck(
    _ name: String, _ body: @escaping @Sendable (any Executor) async throws -> Void
  ) -> ConformanceCheck {
    ConformanceCheck(name, .snapshots, needs: [.snapshotRemoval]) { context in
      try await body(context.executor)
    }
  }

  /// Saves a snapshot under each key, then requires each to be present.
  private static func requireApart(
    _ keys: [SnapshotKey], _ cursor: Cursor, on executor: any Executor, fileID: String = #fileID, line: Int = #line
  ) async throws {
    for (number, key) in keys.enumerated() {
      try await executor.saveSnapshot(key, Snapshot(data: Payload("\(number)"), cursor: cursor))
    }
    for (number, key) in keys.enumerated() {
      // A key may be in the list twice: then the later snapshot counts.
      let expected = keys.lastIndex(of: key) ?? number
      try requireEqual(
        try await executor.getSnapshot(key)?.data, Payload("\(expected)"), "the snapshot of \(key)", fileID: fileID,
        line: line)
    }
  }
}

extension SnapshotKey {
  static func sample(
    type: String = "bank/Account", revision: String = "1", id: String = "acc-1"
  ) -> SnapshotKey {
    SnapshotKey(type: type, revision: revision, id: id)
  }
}
