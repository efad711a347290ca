internal import Evento

extension ConformanceCheck {
  static let directoryChecks: [ConformanceCheck] = [
    directoryCheck("a subscriber is shown as it is") { directory in
      try requireEqual(try await directory.subscriber("s"), nil, "a subscriber that is not there")
      let made = try await directory.upsertSubscriber("s", workerID: ULID()).subscriber
      try requireEqual(try await directory.subscriber("s"), made, "a new subscriber")
      let cursor = try await directory.writeWhole([.sample()]).events[0].cursor
      let acknowledged = try await directory.acknowledge("s", cursor: cursor, lag: 8)
      try requireEqual(try await directory.subscriber("s"), acknowledged, "a subscriber that has acknowledged")
      try requireEqual(acknowledged.createdAt, made.createdAt, "when it was created")
      let taken = try await directory.upsertSubscriber("s", workerID: ULID()).subscriber
      try requireEqual(try await directory.subscriber("s"), taken, "a subscriber that was taken over")
    },

    directoryCheck("subscribers are listed by key, in the order of its bytes") { directory in
      try requireEqual(try await directory.subscribers(), [], "subscribers of an empty store")
      let keys = ["a", "B", "é", "e\u{301}", "z", "A", "a/b", "a b", "10", "9", "\u{FF5E}", "😀", "~", "_", "aa"]
      let cursor = try await directory.writeWhole([.sample()]).events[0].cursor
      for (number, key) in keys.enumerated() {
        try await directory.upsertSubscriber(key, workerID: ULID())
        try await directory.acknowledge(key, cursor: number % 2 == 0 ? cursor : nil, lag: number)
      }
      let all = try await directory.subscribers()
      let sorted = keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      try requireTexts(all.map(\.key), sorted, "keys of all subscribers")
      for subscriber in all {
        try requireEqual(try await directory.subscriber(subscriber.key), subscriber, "a subscriber of the list")
      }
    },

    directoryCheck("pages of subscribers have the requested number, and report exactly whether there is a next one") {
      directory in
      for first in [1, 1000] {
        let page = try await directory.subscribers(first: first, after: nil)
        try requirePage(page, [], hasNextPage: false, "the first \(first) of an empty store")
      }
      let keys = try await directory.makeSubscribers(["d", "b", "a", "c"])
      for start in 0...keys.count {
        let rest = keys.dropFirst(start)
        let after = start == 0 ? nil : keys[start - 1]
        for first in [1, 2, 3, 4, 5, 1000] {
          let page = try await directory.subscribers(first: first, after: after)
          try requirePage(
            page, Array(rest.prefix(first)), hasNextPage: rest.count > first,
            "the first \(first) after \(after ?? "nothing")")
        }
      }
      let first = try await directory.subscribers(first: 2, after: nil)
      for subscriber in first.subscribers {
        try requireEqual(try await directory.subscriber(subscriber.key), subscriber, "a subscriber of a page")
      }
    },

    directoryCheck("a page of subscribers starts after a key by its bytes, also if no subscriber has it") {
      directory in
      // "é" in both of its forms: by their bytes they are two keys.
      let keys = try await directory.makeSubscribers(
        ["B", "aa", "aB", "e\u{301}", "\u{E9}", "\u{FF5E}", "😀", "+", "a&b", "%", "2", "10"])
      let positions =
        keys + [" ", "A", "a", "aA", "ab", "e", "\u{E8}", "\u{FFFD}", "\u{10FFFF}", "~", "1", "9", "a&", "%2"]
      for position in positions {
        let greater = keys.filter { position.utf8.lexicographicallyPrecedes($0.utf8) }
        let page = try await directory.subscribers(first: 5, after: position)
        try requirePage(
          page, Array(greater.prefix(5)), hasNextPage: greater.count > 5,
          "the first 5 after \(position.debugDescription)")
      }
      // A reader continues after a deleted one.
      try await directory.deleteSubscriber("aa")
      let greater = keys.filter { "aa".utf8.lexicographicallyPrecedes($0.utf8) }
      let page = try await directory.subscribers(first: 1000, after: "aa")
      try requirePage(page, greater, hasNextPage: false, "those after one that is deleted")
    },

    directoryCheck("more subscribers than fit into a page are read page by page") { directory in
      let limit = SubscriberPage.countRange.upperBound
      let keys = try await directory.makeSubscribers((1...limit).map { "s\($0)" })
      let full = try await directory.subscribers(first: limit, after: nil)
      try requirePage(full, keys, hasNextPage: false, "a page that holds just all of them")
      let more = try await directory.makeSubscribers(["r", "t"])
      let cut = try await directory.subscribers(first: limit, after: nil)
      try requirePage(cut, Array((more.prefix(1) + keys).prefix(limit)), hasNextPage: true, "a full page")
      let all = try await directory.subscribers()
      try requireTexts(all.map(\.key), more.prefix(1) + keys + more.suffix(1), "keys of all subscribers")
    },

    directoryCheck("a page of subscribers is refused if its size or its key is out of range") { directory in
      for first in [0, -1, 1001, .max, .min] {
        try await requireError(.invalidRequest, "a page of \(first) subscribers") {
          try await directory.subscribers(first: first, after: nil)
        }
      }
      for key in ["", "a\u{0}", "\u{7F}", String(repeating: "x", count: 256)] {
        try await requireError(.invalidRequest, "subscribers after the key \(key.debugDescription)") {
          try await directory.subscribers(first: 1, after: key)
        }
      }
      for first in [1, 1000] {
        let page = try await directory.subscribers(first: first, after: String(repeating: "x", count: 255))
        try requirePage(page, [], hasNextPage: false, "the first \(first) of an empty store")
      }
    },

    directoryCheck("a subscriber that is disabled does not run, and keeps all else") { directory in
      let worker = ULID()
      let cursor = try await directory.writeWhole([.sample()]).events[0].cursor
      try await directory.upsertSubscriber("s", workerID: worker)
      let before = try await directory.acknowledge("s", cursor: cursor, lag: 8)
      for isEnabled in [false, false, true, true, false] {
        let subscriber = try await directory.setSubscriberEnabled("s", isEnabled)
        try requireEqual(subscriber.isEnabled, isEnabled, "whether it is enabled")
        try requireEqual(subscriber.cursor, cursor, "the cursor")
        try requireEqual(subscriber.lag, 8, "the lag")
        try requireEqual(subscriber.workerID, worker, "the worker")
        try requireEqual(subscriber.createdAt, before.createdAt, "when it was created")
        try requireEqual(try await directory.subscriber("s"), subscriber, "the subscriber")
        try requireEqual(try await directory.isSubscriberRunning("s", workerID: worker), isEnabled, "whether it runs")
      }
    },

    directoryCheck("a disabled subscriber stays disabled when it is taken over") { directory in
      let worker = ULID()
      try await directory.upsertSubscriber("s", workerID: ULID())
      try await directory.setSubscriberEnabled("s", false)
      let taken = try await directory.upsertSubscriber("s", workerID: worker)
      try requireEqual(taken.subscriber.isEnabled, false, "whether it is enabled")
      try requireEqual(try await directory.isSubscriberRunning("s", workerID: worker), false, "whether it runs")
      try await directory.setSubscriberEnabled("s", true)
      try requireEqual(try await directory.isSubscriberRunning("s", workerID: worker), true, "whether it runs")
    },

    directoryCheck("a disabled subscriber can be acknowledged") { directory in
      let worker = ULID()
      let cursor = try await directory.writeWhole([.sample()]).events[0].cursor
      try await directory.upsertSubscriber("s", workerID: worker)
      try await directory.setSubscriberEnabled("s", false)
      let subscriber = try await directory.acknowledge("s", cursor: cursor, lag: 2, workerID: worker)
      try requireEqual(subscriber.cursor, cursor, "the cursor")
      try requireEqual(subscriber.isEnabled, false, "whether it is enabled")
    },

    directoryCheck("an unknown subscriber can't be enabled or deleted") { directory in
      try await requireError(.subscriberNotFound, "enabling an unknown subscriber") {
        try await directory.setSubscriberEnabled("unknown", true)
      }
      try await requireError(.subscriberNotFound, "deleting an unknown subscriber") {
        try await directory.deleteSubscriber("unknown")
      }
      try requireEqual(try await directory.subscribers(), [], "subscribers")
    },

    directoryCheck("a deleted subscriber is gone, and a new one starts from the beginning") { directory in
      let worker = ULID()
      let cursor = try await directory.writeWhole([.sample()]).events[0].cursor
      for key in ["s", "t"] {
        try await directory.upsertSubscriber(key, workerID: worker)
        try await directory.acknowledge(key, cursor: cursor, lag: 8)
      }
      try await directory.setSubscriberEnabled("s", false)
      try await directory.deleteSubscriber("s")
      try requireEqual(try await directory.subscriber("s"), nil, "the deleted subscriber")
      try requireEqual(try await directory.getSubscriberCursor("s"), nil, "the cursor of the deleted subscriber")
      try requireEqual(try await directory.isSubscriberRunning("s", workerID: worker), false, "whether it runs")
      try await requireError(.subscriberNotFound, "deleting it again") { try await directory.deleteSubscriber("s") }
      try requireTexts(try await directory.subscribers().map(\.key), ["t"], "subscribers that are left")
      let fresh = try await directory.upsertSubscriber("s", workerID: worker)
      try requireEqual(fresh.isNew, true, "whether it is new")
      try requireEqual(fresh.subscriber.cursor, nil, "the cursor of the new one")
      try requireEqual(fresh.subscriber.lag, 0, "the lag of the new one")
      try requireEqual(fresh.subscriber.isEnabled, true, "whether the new one is enabled")
      try requireEqual(try await directory.getSubscriberCursor("t"), cursor, "the cursor of another subscriber")
    },

    directoryCheck("subscribers of any name are shown, enabled and deleted") { directory in
      for key in oddNames {
        try await directory.upsertSubscriber(key, workerID: ULID())
        try requireTexts([try await directory.subscriber(key)?.key], [key], "the key")
        try requireTexts([try await directory.setSubscriberEnabled(key, false).key], [key], "the key")
      }
      try requireEqual(try await directory.subscribers().count, oddNames.count, "subscribers")
      for key in oddNames { try await directory.deleteSubscriber(key) }
      try requireEqual(try await directory.subscribers(), [], "subscribers")
    },

    directoryCheck("every operation on subscribers refuses an invalid key") { directory in
      for key in ["", "a\u{0}", String(repeating: "x", count: 256)] {
        let what = "the key \(key.debugDescription)"
        try await requireError(.invalidRequest, what) { try await directory.subscriber(key) }
        try await requireError(.invalidRequest, what) { try await directory.setSubscriberEnabled(key, true) }
        try await requireError(.invalidRequest, what) { try await directory.deleteSubscriber(key) }
      }
    },
  ]

  private static func directoryCheck(
    _ name: String, _ body: @escaping @Sendable (any Executor) async throws -> Void
  ) -> ConformanceCheck {
    ConformanceCheck(name, .subscribers, needs: [.subscriberDirectory]) { context in
      try await body(context.executor)
    }
  }
}

extension Executor {
  /// Creates subscribers, and returns their keys in byte order.
  fileprivate func makeSubscribers(_ keys: [String]) async throws -> [String] {
    // Concurrently, so that a store on disk need not commit each by itself.
    try await withThrowingTaskGroup(of: Void.self) { group in
      for key in keys { group.addTask { try await upsertSubscriber(key, workerID: ULID()) } }
      try await group.waitForAll()
    }
    return keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

private func requirePage(
  _ page: SubscriberPage, _ keys: [String], hasNextPage: Bool, _ what: String, fileID: String = #fileID,
  line: Int = #line
) throws {
  try requireTexts(page.subscribers.map(\.key), keys, "keys of \(what)", fileID: fileID, line: line)
  try requireEqual(page.hasNextPage, hasNextPage, "whether there are more than \(what)", fileID: fileID, line: line)
}
