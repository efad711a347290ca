internal import Evento

extension ConformanceCheck {
  static let cursorChecks: [ConformanceCheck] = [
    ConformanceCheck("a cursor is at most 200 characters of A-Z, a-z, 0-9, _ and -", .reading) { context in
      let executor = context.executor
      var cursors = [try await executor.forward().pageInfo.endCursor, try await executor.forward(0).pageInfo.endCursor]
      cursors += try await executor.writeWhole((0..<300).map { _ in .sample() }).events.map(\.cursor)
      cursors += try await executor.log().map(\.cursor)
      cursors.append(try await executor.forward(3, after: .now).pageInfo.endCursor)
      for cursor in cursors {
        let text = Array(try requireValue(cursor, "a cursor").description.utf8)
        try require((1...200).contains(text.count), "a cursor has \(text.count) characters")
        try require(
          text.allSatisfy { "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-".utf8.contains($0) },
          "a cursor has other characters: \(String(decoding: text, as: UTF8.self))")
      }
      try requireEqual(Set(cursors[2..<302].map(\.?.description)).count, 300, "different cursors of 300 events")
    },

    ConformanceCheck("a cursor goes through its text form", .reading) { context in
      let executor = context.executor
      let written = try await executor.writeWhole((0..<5).map { _ in .sample() }).events
      let now = try requireValue(try await executor.forward(after: .now).pageInfo.endCursor, "the cursor of now")
      for (index, cursor) in (written.map(\.cursor) + [now]).enumerated() {
        let copy = try Cursor(cursor.description)
        try requireEqual(copy, cursor, "a cursor read from its text")
        try requireEqual(
          try await executor.log(from: .after(copy)).ids, written.dropFirst(index + 1).map(\.id),
          "events after a cursor parsed from its text")
      }
    },

    ConformanceCheck("a cursor of another store is refused as the start of a read", .reading) { context in
      try await withForeignCursors(context) { executor, cursor in
        for first in [0, 1, 40] {
          try await requireError(.cursorNotInHistory, "a foreign cursor") {
            try await executor.forward(first, after: .after(cursor))
          }
        }
        for filters in [[], [ReadAggregator("absent")], [ReadAggregator("bank/Account"), ReadAggregator("x")]] {
          try await requireError(.cursorNotInHistory, "a foreign cursor, with filters") {
            try await executor.forward(5, after: .after(cursor), filters)
          }
        }
      }
    },

    ConformanceCheck("a cursor of another store is refused as the end of a read", .reading) { context in
      try await withForeignCursors(context) { executor, cursor in
        for last in [0, 1, 40] {
          try await requireError(.cursorNotInHistory, "a foreign cursor") {
            try await executor.backward(last, before: cursor)
          }
        }
        try await requireError(.cursorNotInHistory, "a foreign cursor, with no filters") {
          try await executor.backward(5, before: cursor, [])
        }
      }
    },

    ConformanceCheck("a cursor of another store is refused by a condition", .reading, needs: [.conditionalWrites]) {
      context in
      try await withForeignCursors(context) { executor, cursor in
        let condition = WriteCondition(failIfEventsMatch: [ReadAggregator("absent")], after: cursor)
        let count = try await executor.log().count
        try await requireError(.cursorNotInHistory, "a foreign cursor") {
          try await executor.write([.sample("a")], condition: condition)
        }
        // Checked before the reasons to reject the write itself.
        try await requireError(.cursorNotInHistory, "a foreign cursor and a wrong version") {
          try await executor.write([.sample("a", version: 77)], condition: condition)
        }
        let stored = NewEvent.sample("a", id: ULID())
        let first = try await executor.write([stored], condition: nil)
        var changed = stored
        changed.name = "Other"
        try await requireError(.cursorNotInHistory, "a foreign cursor and an id that is stored with other content") {
          try await executor.write([changed], condition: condition)
        }
        // A resend is never rejected, because nothing is written.
        let again = try await executor.write([stored], condition: condition)
        try require(again.isResend && again.events == first.events, "a resend with a foreign cursor is not recognized")
        try requireEqual(try await executor.log().count, count + 1, "events in the log")
      }
    },

    ConformanceCheck("a cursor of another store is refused by an acknowledgement", .subscribers) { context in
      try await withForeignCursors(context) { executor, cursor in
        let worker = ULID()
        try await executor.upsertSubscriber("s", workerID: worker)
        let own = try await executor.writeWhole([.sample()]).events[0].cursor
        try await executor.acknowledge("s", cursor: own, lag: 3)
        for worker in [nil, worker] {
          try await requireError(.cursorNotInHistory, "a foreign cursor") {
            try await executor.acknowledge("s", cursor: cursor, lag: 9, workerID: worker)
          }
        }
        try requireEqual(try await executor.getSubscriberCursor("s"), own, "the cursor of the subscriber")
        // The holder of the subscriber is checked first.
        try await requireError(.subscriberTakenOver, "a foreign cursor of another worker") {
          try await executor.acknowledge("s", cursor: cursor, lag: 0, workerID: ULID())
        }
        try await requireError(.subscriberNotFound, "a foreign cursor for an unknown subscriber") {
          try await executor.acknowledge("unknown", cursor: cursor)
        }
      }
    },

    ConformanceCheck("a cursor of another store is refused by a snapshot", .snapshots) { context in
      try await withForeignCursors(context) { executor, cursor in
        let key = SnapshotKey(type: "t", revision: "1", id: "i")
        let kept = Snapshot(data: Payload("1"), cursor: try await executor.writeWhole([.sample()]).events[0].cursor)
        try await executor.saveSnapshot(key, kept)
        try await requireError(.cursorNotInHistory, "a foreign cursor") {
          try await executor.saveSnapshot(key, Snapshot(data: Payload("2"), cursor: cursor))
        }
        try requireEqual(try await executor.getSnapshot(key), kept, "the snapshot")
      }
    },
  ]

  /// Runs `body` with valid cursors that are not in the executor's history: an event's in another store, shorter and
  /// longer ones, an empty store's, and some that no store ever created.
  private static func withForeignCursors(
    _ context: ConformanceContext, _ body: (any Executor, Cursor) async throws -> Void
  ) async throws {
    let executor = context.executor
    try await executor.writeWhole((0..<5).map { _ in .sample() })
    try await context.withAnotherStore { other in
      var cursors = [try requireValue(try await other.forward(0).pageInfo.endCursor, "the cursor of an empty store")]
      cursors += try await other.writeWhole((0..<3).map { _ in .sample() }).events.map(\.cursor)
      cursors.append(try await other.writeWhole((0..<20).map { _ in .sample() }).events[19].cursor)
      cursors.append(try requireValue(try await other.forward(after: .now).pageInfo.endCursor, "the cursor of now"))
      cursors += [
        [0], [1, 2, 3], Array(repeating: 0, count: 14), Array(repeating: 0xFF, count: 14),
        Array(repeating: 0, count: 16), Array(repeating: 0xFF, count: Cursor.maximumContentLength),
      ].map { Cursor(content: $0) }
      for cursor in cursors { try await body(executor, cursor) }
    }
  }
}
