import Evento
import EventoSQLite
import Testing

@Suite struct ConditionTests {
  @Test func aConditionLooksOnlyBehindItsCursor() async throws {
    try await withStore { store in
      let first = try await store.write([.sample("a", "Opened")]).events[0]
      let filter = ReadAggregator("bank/Account", name: "Opened")
      await expect(.conditionFailed) { () throws in
        try await store.write([.sample("b")], condition: WriteCondition(failIfEventsMatch: [filter]))
      }
      let since = WriteCondition(failIfEventsMatch: [filter], after: first.cursor)
      try await store.write([.sample("b", "Other")], condition: since)
      try await store.write([.sample("c", "Opened")], condition: since)
      await expect(.conditionFailed) { () throws in try await store.write([.sample("d")], condition: since)
      }
      #expect(try await store.eventCount() == 3)
    }
  }

  @Test(arguments: [
    (ReadAggregator("t", id: "a"), true), (ReadAggregator("t", id: "b"), false), (ReadAggregator("t", name: "N"), true),
    (ReadAggregator("t", name: "M"), false), (ReadAggregator("t", id: "a", name: "N"), true),
    (ReadAggregator("t", id: "a", name: "M"), false), (ReadAggregator("u"), false), (ReadAggregator("t"), true),
  ]) func everyKindOfFilterCounts(filter: ReadAggregator, fails: Bool) async throws {
    try await withStore { store in
      try await store.write([.sample("a", "N", type: "t"), .sample("x", "M", type: "u2")])
      let condition = WriteCondition(failIfEventsMatch: [ReadAggregator("absent"), filter])
      if fails {
        await expect(.conditionFailed) { () throws in
          try await store.write([.sample("z")], condition: condition)
        }
      } else {
        try await store.write([.sample("z")], condition: condition)
      }
    }
  }

  @Test func versionsAreCheckedBeforeTheCondition() async throws {
    try await withStore { store in
      try await store.write([.sample()])
      await expect(.invalidOriginalVersion) { () throws in
        try await store.write(
          [.sample(version: 1)], condition: WriteCondition(failIfEventsMatch: [ReadAggregator("bank/Account")]))
      }
    }
  }

  @Test func aConditionNeedsFiltersAndACursorOfThisStore() async throws {
    let foreign = try await withStore { try await $0.write([.sample()]).events[0].cursor }
    try await withStore { store in
      await expect(.invalidRequest) { () throws in
        try await store.write([.sample()], condition: WriteCondition(failIfEventsMatch: []))
      }
      let many = Array(repeating: ReadAggregator("t"), count: ReadAggregator.maximumCount + 1)
      await expect(.invalidRequest) { () throws in
        try await store.write([.sample()], condition: WriteCondition(failIfEventsMatch: many))
      }
      await expect(.cursorNotInHistory) { () throws in
        try await store.write(
          [.sample()], condition: WriteCondition(failIfEventsMatch: [ReadAggregator("t")], after: foreign))
      }
      let count = try await store.eventCount()
      #expect(count == 0)
    }
  }
}
