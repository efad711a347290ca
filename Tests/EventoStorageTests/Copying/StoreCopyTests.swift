import Evento
import EventoStorage
import Synchronization
import TestSupport
import Testing

/// Copies between two stores, with real databases.
@Suite(.serialized) struct StoreCopyTests {
  /// Prints why, if the pairs with PostgreSQL are left out.
  @Test(.needsPostgreSQL) func postgreSQLIsInstalled() {
    #expect(Engine.available == Engine.allCases)
  }

  /// Copies, with both stores open only for that.
  @discardableResult
  private func copy(
    _ source: Database, to target: Database, pageEvents: Int = 1000, pageBytes: Int = 8 << 20,
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> StoreCopy.Result {
    try await source.withStore(pageEvents: pageEvents, pageBytes: pageBytes) { from in
      try await target.withStore(pageBytes: pageBytes) { to in
        try await StoreCopy(
          from: StoreCopy.End(from, name: "the source"), to: StoreCopy.End(to, name: "the target"), progress: progress
        ).run()
      }
    }
  }

  /// Compares all of both stores by the operations of their users.
  private func expectEqual(_ source: Database, _ target: Database) async throws {
    try await source.withStore { from in
      try await target.withStore { to in
        let (originals, copies) = (try await from.allEvents(), try await to.allEvents())
        #expect(originals.map(\.node) == copies.map(\.node))
        // Not by the copied rows alone: each filter has its own index.
        for name in HostileContent.names {
          for (filters, key) in [
            ([ReadAggregator(name)], .all), ([ReadAggregator(name, name: name)], .all), (nil, .value(name)),
            ([ReadAggregator(name, id: name)], .all), (nil, .value(nil)),
          ] as [([ReadAggregator]?, RoutingKey)] {
            let (left, right) = (try await from.allEvents(filters, key), try await to.allEvents(filters, key))
            #expect(left.map(\.node) == right.map(\.node), "\(name)")
          }
        }
        func next(_ store: any DatabaseStore, _ cursor: Cursor?) async throws -> ULID? {
          let start = cursor.map { Args.Start.after($0) } ?? .beginning
          return try await store.read(nil, routingKey: .all, args: .forward(first: 1, after: start)).edges.first?.node
            .id
        }
        let (subscribers, copied) = (try await from.subscribers(), try await to.subscribers())
        #expect(subscribers.count == copied.count)
        for (left, right) in zip(subscribers, copied) {
          #expect(left.key.utf8.elementsEqual(right.key.utf8))
          #expect(left.workerID == right.workerID && left.lag == right.lag && left.isEnabled == right.isEnabled)
          #expect(left.createdAt == right.createdAt && left.updatedAt == right.updatedAt)
          #expect((left.cursor == nil) == (right.cursor == nil))
          #expect(try await next(from, left.cursor) == next(to, right.cursor))
        }
        let (snapshots, others) = (try await from.allSnapshots(), try await to.allSnapshots())
        #expect(snapshots.map(\.key) == others.map(\.key))
        for (left, right) in zip(snapshots, others) {
          #expect(try await to.getSnapshot(left.key) == right.snapshot)
          #expect(left.snapshot.data == right.snapshot.data)
          #expect(try await next(from, left.snapshot.cursor) == next(to, right.snapshot.cursor))
        }
      }
    }
  }

  private func error(_ body: () async throws -> Void) async -> EventoError? {
    do {
      try await body()
      return nil
    } catch {
      return EventoError(wrapping: error)
    }
  }

  private static func event(_ id: String, _ number: Int = 0) -> NewEvent {
    NewEvent(aggregatorType: "t", aggregatorID: id, name: "n", data: Payload("\(number)"))
  }

  @Test(arguments: Engine.pairs) func copiesHostileContent(_ engines: (Engine, Engine)) async throws {
    let folder = try TestFolder()
    let source = try await engines.0.database("from", in: folder)
    let target = try await engines.1.database("to", in: folder)
    let count = try await source.withStore { try await HostileContent.fill($0) }
    #expect(count == 269 + 14 * 14 * 3)
    let names = HostileContent.names.count
    let result = try await copy(source, to: target)
    #expect(result == StoreCopy.Result(events: count, presentEvents: 0, subscribers: names, snapshots: 2 * names))
    try await expectEqual(source, target)
    // Again: there is nothing to do.
    let second = try await copy(source, to: target)
    #expect(second == StoreCopy.Result(events: count, presentEvents: count, subscribers: names, snapshots: 2 * names))
    // The copy is a store of its own.
    try await target.withStore { store in
      let written = try await store.write([Self.event("payloads")])
      #expect(written.events[0].version == 270)
      let cursor = try await source.withStore { try await $0.allEvents()[7].cursor }
      let refused = await error { _ = try await store.allEvents(after: .after(cursor)) }
      #expect(refused?.code == .cursorNotInHistory)
    }
  }

  /// They stay erased, and what was erased after it was copied is erased in the copy.
  @Test(arguments: Engine.pairs) func copiesErasedEvents(_ engines: (Engine, Engine)) async throws {
    let folder = try TestFolder()
    let source = try await engines.0.database("from", in: folder)
    let target = try await engines.1.database("to", in: folder)
    try await source.withStore { store in
      try await store.write((1...3).flatMap { [Self.event("a", $0), Self.event("b", $0)] })
      #expect(try await store.eraseAggregate(type: "t", id: "a").events == 3)
      try await store.write([Self.event("a", 4), Self.event("b", 4)])
    }
    try await copy(source, to: target)
    try await expectEqual(source, target)
    try await target.withStore { store async throws in
      #expect(try await store.eraseAggregate(type: "t", id: "a").events == 1)
    }
    // The target alone has erased something: it is no copy any more.
    #expect(await error { try await copy(source, to: target) }?.code == .internal)
    try await source.withStore { store in
      #expect(try await store.eraseAggregate(type: "t", id: "a").events == 1)
      // The last event of the copy is erased, and more follows.
      #expect(try await store.eraseAggregate(type: "t", id: "b").events == 4)
      try await store.write([Self.event("a", 5), Self.event("b", 5)])
    }
    let result = try await copy(source, to: target)
    #expect(result.events == 10 && result.presentEvents == 8)
    try await expectEqual(source, target)
    try await target.withStore { store async throws in
      #expect(try await store.allEvents().map(\.node.isErased) == Array(repeating: true, count: 8) + [false, false])
    }
  }

  @Test(arguments: Engine.pairs) func copiesAnEmptyStore(_ engines: (Engine, Engine)) async throws {
    let folder = try TestFolder()
    let source = try await engines.0.database("from", in: folder)
    let target = try await engines.1.database("to", in: folder)
    #expect(
      try await copy(source, to: target)
        == StoreCopy.Result(events: 0, presentEvents: 0, subscribers: 0, snapshots: 0))
  }

  /// A page of a few events or bytes ends in both stores where it likes.
  @Test(arguments: Engine.pairs) func copiesByPagesOfAnySize(_ engines: (Engine, Engine)) async throws {
    let folder = try TestFolder()
    let source = try await engines.0.database("from", in: folder)
    _ = try await source.withStore { try await HostileContent.fill($0) }
    for (index, (events, bytes)) in [(7, 8 << 20), (1000, 300)].enumerated() {
      let target = try await engines.1.database("to\(index)", in: folder)
      try await copy(source, to: target, pageEvents: events, pageBytes: bytes)
      try await expectEqual(source, target)
    }
  }

  private struct Interruption: Error {}

  /// A store whose change with a number fails, like that of a process that is killed.
  ///
  /// - Parameter isMade: whether it is made all the same.
  private func interrupted(_ store: any DatabaseStore, at last: Int, isMade: Bool) -> AlteredStore {
    let number = Mutex(0)
    return AlteredStore(
      store,
      before: {
        let number = number.withLock { number in
          number += 1
          return number
        }
        if number == last, !isMade { throw Interruption() }
      },
      after: { if number.withLock({ $0 }) == last { throw Interruption() } })
  }

  /// A process that is killed leaves what it has committed, whether it has heard of the last commit or not.
  @Test(arguments: Engine.pairs, [true, false])
  func continuesAfterAnyChange(_ engines: (Engine, Engine), isMade: Bool) async throws {
    let folder = try TestFolder()
    let source = try await engines.0.database("from", in: folder)
    try await source.withStore { store in
      for number in 0..<10 { try await store.write([Self.event("a", number), Self.event("b", number)]) }
      let edges = try await store.allEvents()
      for number in 0..<5 {
        _ = try await store.upsertSubscriber("s\(number)", workerID: ULID())
        _ = try await store.acknowledge("s\(number)", cursor: edges[number].cursor, lag: number, workerID: nil)
        let key = SnapshotKey(type: "t", revision: "1", id: "\(number)")
        try await store.saveSnapshot(key, Snapshot(data: Payload("\(number)"), cursor: edges[2 * number].cursor))
      }
    }
    // Twenty pages of events; subscribers, and one too many; three pages of snapshots, and two too many.
    // Opening a PostgreSQL store takes longer, and the pages of events are alike.
    let changes = engines == (.sqlite, .sqlite) ? Array(1...28) : [1, 2, 11] + (20...28)
    _ = try await concurrently(changes) { change in
      let target = try await engines.1.database("to\(change)", in: folder)
      // Left over from an earlier copy.
      try await target.withStore { store in
        _ = try await store.upsertSubscriber("s22", workerID: ULID())
        let beginning = try await store.read(nil, routingKey: .all, args: .forward(first: 0)).pageInfo.endCursor
        let snapshot = Snapshot(data: Payload(), cursor: try #require(beginning))
        for id in ["x", "0"] {
          try await store.saveSnapshot(SnapshotKey(type: "t", revision: "0", id: id), snapshot)
        }
      }
      let isComplete = change == 28
      do {
        // A page of two bytes has one event, or two snapshots.
        try await source.withStore(pageBytes: 2) { from in
          try await target.withStore(pageBytes: 2) { to in
            let killed = interrupted(to, at: change, isMade: isMade)
            _ = try await StoreCopy(
              from: StoreCopy.End(from, name: "the source"), to: StoreCopy.End(killed, name: "the target")
            ).run()
          }
        }
        #expect(isComplete)
      } catch is Interruption {
        #expect(!isComplete)
      }
      let result = try await copy(source, to: target)
      let present = min(20, isMade ? change : change - 1)
      #expect(result == StoreCopy.Result(events: 20, presentEvents: present, subscribers: 5, snapshots: 5))
      try await expectEqual(source, target)
    }
  }

  @Test(arguments: Engine.pairs) func addsWhatTheSourceHasAdded(_ engines: (Engine, Engine)) async throws {
    let folder = try TestFolder()
    let source = try await engines.0.database("from", in: folder)
    let target = try await engines.1.database("to", in: folder)
    let key = SnapshotKey(type: "t", revision: "1", id: "a")
    try await source.withStore { store in
      try await store.write([Self.event("a")])
      _ = try await store.upsertSubscriber("stays", workerID: ULID())
      _ = try await store.upsertSubscriber("goes", workerID: ULID())
    }
    try await copy(source, to: target)
    try await source.withStore { store in
      let written = try await store.write([Self.event("a", 1), Self.event("c")])
      _ = try await store.acknowledge("stays", cursor: written.events[1].cursor, lag: 1, workerID: nil)
      try await store.deleteSubscriber("goes")
      _ = try await store.upsertSubscriber("comes", workerID: ULID())
      try await store.saveSnapshot(key, Snapshot(data: Payload("1"), cursor: written.events[0].cursor))
    }
    let result = try await copy(source, to: target)
    #expect(result == StoreCopy.Result(events: 3, presentEvents: 1, subscribers: 2, snapshots: 1))
    try await expectEqual(source, target)
    try await source.withStore { try await $0.deleteSnapshot(key) }
    #expect(try await copy(source, to: target).snapshots == 0)
    try await expectEqual(source, target)
  }

  /// A gateway goes on while its store is copied: a subscriber and a snapshot are then ahead of the copied events.
  @Test(arguments: Engine.pairs) func copiesAStoreThatIsWrittenTo(_ engines: (Engine, Engine)) async throws {
    let folder = try TestFolder()
    let source = try await engines.0.database("from", in: folder)
    let target = try await engines.1.database("to", in: folder)
    try await source.withStore { gateway in
      for number in 0..<5 { try await gateway.write([Self.event("a", number)]) }
      _ = try await gateway.upsertSubscriber("s", workerID: ULID())
      let key = SnapshotKey(type: "t", revision: "1", id: "a")
      let result = try await source.withStore(pageEvents: 1) { from in
        try await target.withStore { to in
          let isFirst = Atomic(true)
          let writing = AlteredStore(
            to,
            before: {
              guard isFirst.exchange(false, ordering: .relaxed) else { return }
              let written = try await gateway.write((0..<3).map { Self.event("b", $0) })
              _ = try await gateway.acknowledge("s", cursor: written.events[0].cursor, lag: 0, workerID: nil)
              try await gateway.saveSnapshot(key, Snapshot(data: Payload("1"), cursor: written.events[1].cursor))
            })
          return try await StoreCopy(
            from: StoreCopy.End(from, name: "the source"), to: StoreCopy.End(writing, name: "the target")
          ).run()
        }
      }
      #expect(result == StoreCopy.Result(events: 7, presentEvents: 0, subscribers: 1, snapshots: 1))
    }
    #expect(try await copy(source, to: target).presentEvents == 7)
    try await expectEqual(source, target)
  }

  @Test(arguments: Engine.pairs) func refusesATargetWithOtherEvents(_ engines: (Engine, Engine)) async throws {
    let folder = try TestFolder()
    let source = try await engines.0.database("from", in: folder)
    let events = (0..<3).map { number in
      var event = Self.event("a", number)
      event.id = ULID()
      return event
    }
    try await source.withStore { store in for event in events { try await store.write([event]) } }
    var other = events[2]
    other.data = Payload("other")
    for (index, log) in [
      [Self.event("a")],  // another event
      [events[1]],  // an event of the source at another position
      events + [Self.event("a")],  // one more than the source has
      [events[0], events[1], other],  // the same event with other content
    ].enumerated() {
      let target = try await engines.1.database("to\(index)", in: folder)
      let last = try await target.withStore { store in
        _ = try await store.upsertSubscriber("kept", workerID: ULID())
        return try #require(try await store.write(log).events.last)
      }
      let error = await error { try await copy(source, to: target) }
      #expect(error?.code == .invalidRequest)
      #expect(
        error?.detail
          == "the target has other events than the source: its last one, \(last.id) at position \(log.count), is not "
          + "there. Copy to an empty database, or to an earlier copy of this store.")
      try await target.withStore { store in
        let (count, kept) = (try await store.eventCount(), try await store.subscriber("kept"))
        #expect(count == log.count && kept != nil)
      }
    }
  }

  /// It would replace the subscribers that it reads.
  @Test(arguments: Engine.available) func refusesItsOwnSource(_ engine: Engine) async throws {
    let folder = try TestFolder()
    let source = try await engine.database("from", in: folder)
    for _ in 0..<2 {
      let error = await error { try await copy(source, to: source) }
      #expect(error?.code == .invalidRequest && error?.detail.contains("are the same store") == true)
      try await source.withStore { _ = try await $0.write([Self.event("a")]) }
    }
  }

  @Test(arguments: Engine.pairs, Database.Damage.allCases)
  func findsADamagedEvent(_ engines: (Engine, Engine), _ damage: Database.Damage) async throws {
    let folder = try TestFolder()
    let source = try await engines.0.database("from", in: folder)
    let target = try await engines.1.database("to", in: folder)
    try await source.withStore { store in
      try await store.write([Self.event("a"), Self.event("b"), Self.event("c")])
      try await store.write([
        NewEvent(aggregatorType: "t", aggregatorID: "a", name: "other"), Self.event("a"), Self.event("b"),
      ])
    }
    try await copy(source, to: target)
    try await target.damage(damage, at: 2)
    let error = await error { try await copy(source, to: target) }
    #expect(error?.code == .damaged)
    #expect(error?.detail.hasPrefix("Event 2 of the log is damaged.") == true, "\(String(describing: error))")
  }

  /// A reader can't find it: the event is whole.
  @Test(arguments: Engine.pairs) func findsAnotherEvent(_ engines: (Engine, Engine)) async throws {
    let folder = try TestFolder()
    let source = try await engines.0.database("from", in: folder)
    let target = try await engines.1.database("to", in: folder)
    try await source.withStore { _ = try await $0.write((0..<3).map { Self.event("a", $0) }) }
    try await copy(source, to: target)
    let last = try await source.withStore { store in
      try await store.read(nil, routingKey: .all, args: .backward(last: 1)).edges.map(\.node)[0]
    }
    let other = try await engines.1.database("other", in: folder)
    try await other.withStore { store in
      _ = try await store.write((0..<2).map { Self.event("a", $0) })
      let copy = NewEvent(
        id: last.id, aggregatorType: last.aggregatorType, aggregatorID: last.aggregatorID, name: last.name,
        routingKey: .value(last.routingKey), data: last.data, metadata: last.metadata, timestamp: last.timestamp)
      _ = try await store.write([copy])
    }
    let error = await error { try await copy(source, to: other) }
    #expect(error?.code == .internal)
    #expect(
      error?.detail.contains(/^Event [0-9A-Z]{26} of the target is not the one at position 1 of the source/) == true,
      "\(String(describing: error))")
  }

  @Test(arguments: Engine.pairs) func findsAMissingEvent(_ engines: (Engine, Engine)) async throws {
    let folder = try TestFolder()
    let source = try await engines.0.database("from", in: folder)
    let target = try await engines.1.database("to", in: folder)
    try await source.withStore { _ = try await $0.write((0..<5).map { Self.event("a", $0) }) }
    try await copy(source, to: target)
    try await target.removeEvent(at: 2)
    let error = await error { try await copy(source, to: target) }
    #expect(error?.detail.hasPrefix("Event 2 of the log is missing.") == true, "\(String(describing: error))")
  }

  /// An import that stores less, or something else, than it got.
  @Test(arguments: Engine.pairs, ["less", "other"])
  func findsRowsThatWereNotStored(_ engines: (Engine, Engine), _ kind: String) async throws {
    let folder = try TestFolder()
    let source = try await engines.0.database("from", in: folder)
    try await source.withStore { store in
      let end = try await store.write([Self.event("a"), Self.event("a")]).events[1].cursor
      for key in ["s", "t", "u"] {
        _ = try await store.upsertSubscriber(key, workerID: ULID())
        let snapshot = Snapshot(data: Payload("1"), cursor: end)
        try await store.saveSnapshot(SnapshotKey(type: "t", revision: "1", id: key), snapshot)
      }
    }
    for isSnapshot in [false, true] {
      let target = try await engines.1.database("to\(isSnapshot)", in: folder)
      let error = await error {
        try await source.withStore { from in
          try await target.withStore { to in
            let store = AlteredStore(
              to,
              subscribers: { rows in
                rows.compactMap { row in
                  guard row.key == "t", !isSnapshot else { return row }
                  return kind == "less"
                    ? nil
                    : Subscriber(
                      key: row.key, workerID: row.workerID, cursor: row.cursor, lag: row.lag, isEnabled: row.isEnabled,
                      createdAt: row.createdAt, updatedAt: .now())
                }
              },
              snapshots: { rows in
                rows.compactMap { row in
                  guard row.key.id == "t", isSnapshot else { return row }
                  let snapshot = Snapshot(data: Payload("2"), cursor: row.snapshot.cursor)
                  return kind == "less" ? nil : KeyedSnapshot(key: row.key, snapshot: snapshot)
                }
              })
            _ = try await StoreCopy(
              from: StoreCopy.End(from, name: "the source"), to: StoreCopy.End(store, name: "the target")
            ).run()
          }
        }
      }
      let row = isSnapshot ? "snapshot \"t\", \"1\", \"t\"" : "subscriber \"t\""
      #expect(
        error?.detail.hasPrefix("the target has \(kind == "less" ? "no" : "a different") \(row), although") == true,
        "\(String(describing: error))")
    }
  }

  /// Its writes come between those of the copy.
  @Test(arguments: Engine.pairs) func findsAnotherWriterOfTheTarget(_ engines: (Engine, Engine)) async throws {
    let folder = try TestFolder()
    let source = try await engines.0.database("from", in: folder)
    try await source.withStore { _ = try await $0.write((0..<3).map { Self.event("a", $0) }) }
    for (index, other) in [Self.event("a"), Self.event("b")].enumerated() {
      let target = try await engines.1.database("to\(index)", in: folder)
      let error = await error {
        try await source.withStore(pageEvents: 1) { from in
          try await target.withStore { to in
            let isFirst = Atomic(true)
            let writing = AlteredStore(
              to,
              before: { if isFirst.exchange(false, ordering: .relaxed) { _ = try await to.write([other]) } })
            _ = try await StoreCopy(
              from: StoreCopy.End(from, name: "the source"), to: StoreCopy.End(writing, name: "the target")
            ).run()
          }
        }
      }
      #expect(error?.detail.hasPrefix("Another process writes to the target") == true, "\(String(describing: error))")
    }
  }

  @Test(arguments: Engine.pairs) func showsItsProgressAndCanBeCancelled(_ engines: (Engine, Engine)) async throws {
    let folder = try TestFolder()
    let source = try await engines.0.database("from", in: folder)
    let target = try await engines.1.database("to", in: folder)
    try await source.withStore { _ = try await $0.write((0..<100).map { Self.event("a", $0) }) }
    let shares = Mutex<[Double]>([])
    let copying = Task {
      try await copy(source, to: target, pageEvents: 5) { share in
        shares.withLock { $0.append(share) }
        if share >= 0.25 { withUnsafeCurrentTask { $0?.cancel() } }
      }
    }
    await #expect(throws: (any Error).self) { try await copying.value }
    let count = try await target.withStore { try await $0.eventCount() }
    #expect(count >= 50 && count < 100)
    #expect(try await copy(source, to: target) { share in shares.withLock { $0.append(share) } }.presentEvents == count)
    let seen = shares.withLock { $0 }
    #expect(seen == seen.sorted() && seen.last == 1 && seen.count > 10)
  }
}
