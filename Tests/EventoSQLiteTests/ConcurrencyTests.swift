import Evento
import EventoSQLite
import Testing

@Suite struct ConcurrencyTests {
  @Test func readersThatGoOnFromTheirCursorSeeEveryEventOnceInCommitOrder() async throws {
    try await withStore { store in
      let (writers, writes) = (16, 40)
      try await withThrowingTaskGroup(of: [Edge<Event>].self) { group in
        for writer in 0..<writers {
          group.addTask {
            for number in 0..<writes {
              // Clocks that are early, late, or go backward.
              let time = Timestamp(milliseconds: 1_700_000_000_000 + Int64((writer - 8) * 60_000 - number * 10))
              try await store.write([.sample("w\(writer)", timestamp: time), .sample("shared", timestamp: time)])
            }
            return []
          }
        }
        for reader in 0..<4 {
          group.addTask {
            var seen: [Edge<Event>] = []
            var start = Args.Start.beginning
            while seen.count < writers * writes * 2 {
              let page = try await store.read(
                nil, routingKey: .all, args: .forward(first: 7 + reader * 30, after: start))
              seen += page.edges
              if let end = page.pageInfo.endCursor { start = .after(end) }
              await Task.yield()
            }
            return seen
          }
        }
        let log = try await group.reduce(into: [[Edge<Event>]]()) { if !$1.isEmpty { $0.append($1) } }
        #expect(log.count == 4)
        for seen in log {
          #expect(seen == log[0])
          #expect(Set(seen.map(\.node.id)).count == writers * writes * 2)
        }
        let shared = log[0].filter { $0.node.aggregatorID == "shared" }
        #expect(shared.map(\.node.version) == Array(1...writers * writes))
      }
    }
  }

  @Test func oneOfManyWritersOfAVersionWins() async throws {
    try await withStore { store in
      for version in 1...20 {
        let wins = await withTaskGroup(of: Bool.self) { group in
          for _ in 0..<16 {
            group.addTask {
              await failure { () throws in try await store.write([.sample(version: version)]) } == nil
            }
          }
          return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(wins == 1)
      }
      let log = try await store.everything()
      #expect(log.map(\.node.version) == Array(1...20))
    }
  }

  @Test func aRefusedWriteFailsAloneAmongThoseOfItsCommit() async throws {
    try await withStore { store in
      let outcomes = await withTaskGroup(of: (Int, EventoError.Code?).self) { group in
        for number in 0..<200 {
          group.addTask {
            let bad = NewEvent.sample("new-type-\(number)", type: "t\(number)", version: 7)
            let good = NewEvent.sample("a\(number)", "N\(number)", type: "t\(number)")
            let event = number % 3 == 0 ? bad : good
            return (number, await failure { () throws in try await store.write([event]) }?.code)
          }
        }
        return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
      #expect(outcomes.allSatisfy { $0.value == .invalidOriginalVersion && $0.key % 3 == 0 })
      #expect(outcomes.count == 67)
      let log = try await store.everything()
      #expect(log.count == 133)
      #expect(Set(log.map(\.node.name)).count == 133)
    }
  }
}
