import Evento
import EventoSQLite
import Testing

/// What a writer remembers of the log is never older than the log.
@Suite struct HeadCacheTests {
  @Test func twoExecutorsOnOneFileGoOnFromEachOther() async throws {
    let folder = try TestFolder()
    let first = try await SQLiteExecutor.open(folder.file())
    let second = try await SQLiteExecutor.open(folder.file())
    for round in 0..<50 {
      let (one, other) = round.isMultiple(of: 2) ? (first, second) : (second, first)
      let key = "k\(round)"
      let written = try await one.write([.sample(routingKey: .value(key)), .sample("other-\(round)")])
      #expect(written.events.map(\.version) == [round * 2 + 1, 1])
      // The routing key is that of the latest event, whoever wrote it.
      let inherited = try await other.write([.sample(version: round * 2 + 2), .sample("other-\(round)", version: 2)])
      #expect(inherited.events.map(\.routingKey) == [key, nil])
    }
    let conflict = await failure { () throws in try await first.write([.sample(version: 100)]) }
    #expect(conflict?.code == .invalidOriginalVersion)
    let log = try await first.everything()
    #expect(log.count == 200 && Set(log.map(\.cursor)).count == 200)
    #expect(log.filter { $0.node.aggregatorID == "acc-1" }.map(\.node.version) == Array(1...100))
    await first.close()
    await second.close()
  }

  /// More aggregates than are remembered, by turns.
  @Test func aggregatesThatWereForgottenGoOn() async throws {
    try await withStore { store in
      let ids = (0..<20_000).map { "a\($0)" }
      for version in 1...2 {
        for start in stride(from: 0, to: ids.count, by: 1000) {
          let result = try await store.write(ids[start..<start + 1000].map { .sample($0, version: version) })
          #expect(result.events.allSatisfy { $0.version == version })
        }
      }
      let result = try await store.write([.sample("a0"), .sample("a19999"), .sample("a0")])
      #expect(result.events.map(\.version) == [3, 3, 4])
    }
  }

  /// A write that is refused, before others of the same commit, changes nothing that is remembered.
  @Test func refusedWritesAreNotRemembered() async throws {
    try await withStore { store in
      try await store.write([.sample(routingKey: .value("k"))])
      await withTaskGroup(of: Void.self) { group in
        for number in 0..<200 {
          group.addTask {
            let isWrong = number.isMultiple(of: 2)
            let events: [NewEvent] = [
              .sample(version: nil, routingKey: isWrong ? .value("other") : .inherited),
              .sample("other-\(number)", version: isWrong ? 7 : nil),
            ]
            let error = await failure { () throws in try await store.write(events) }
            #expect((error != nil) == isWrong)
          }
        }
      }
      let log = try await store.everything()
      #expect(
        log.filter { $0.node.aggregatorID == "acc-1" }.map(\.node.routingKey) == Array(repeating: "k", count: 101))
      #expect(
        log.filter { $0.node.aggregatorID != "acc-1" }.map(\.node.routingKey) == Array(repeating: nil, count: 100))
    }
  }
}
