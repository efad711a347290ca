import Evento
import Testing

@testable import EventoSQLite

@Suite struct WriteTests {
  @Test func versionsCountFromOneWithinEachAggregate() async throws {
    try await withStore { store in
      let result = try await store.write([.sample("a"), .sample("b"), .sample("a")])
      #expect(result.events.map(\.version) == [1, 1, 2])
      #expect(!result.isResend)
      #expect(try await store.write([.sample("a")]).events.map(\.version) == [3])
      // The same id under another type is another aggregate.
      #expect(try await store.write([.sample("a", type: "other")]).events.map(\.version) == [1])
    }
  }

  @Test(arguments: [1, 2, 4, 5]) func aVersionThatIsNotTheNextOneIsAConflict(given: Int) async throws {
    try await withStore { store in
      try await store.write([.sample(version: 1), .sample(version: 2)])
      let error = await failure { () throws in
        try await store.write([.sample("fresh", version: 1), .sample(version: given)])
      }
      #expect(error?.code == .invalidOriginalVersion)
      #expect(
        error?.facts
          == .versionConflict(
            aggregatorType: "bank/Account", aggregatorID: "acc-1", givenVersion: given, currentVersion: 2))
      // All or nothing: the first event of that write is not there either.
      #expect(try await store.everything().count == 2)
      #expect(try await store.write([.sample(version: 3)]).events[0].version == 3)
    }
  }

  @Test func aConflictTellsTheVersionBeforeTheWrite() async throws {
    try await withStore { store in
      let error = await failure { () throws in
        try await store.write([.sample(version: 1), .sample(version: 2), .sample(version: 4)])
      }
      #expect(
        error?.facts
          == .versionConflict(
            aggregatorType: "bank/Account", aggregatorID: "acc-1", givenVersion: 4, currentVersion: 0))
    }
  }

  @Test func whatIsOutOfFormIsRefused() async throws {
    try await withStore { store in
      await expect(.missingData) { () throws in try await store.write([]) }
      let long = String(repeating: "x", count: 256)
      for text in ["", long, "a\u{0}b", "a\nb", "a\u{7F}"] {
        await expect(.invalidRequest) { () throws in try await store.write([.sample(text)]) }
        await expect(.invalidRequest) { () throws in try await store.write([.sample("a", text)]) }
        await expect(.invalidRequest) { () throws in try await store.write([.sample("a", type: text)]) }
        await expect(.invalidRequest) { () throws in
          try await store.write([.sample(routingKey: .value(text))])
        }
      }
      await expect(.invalidRequest) { () throws in try await store.write([.sample(version: 0)]) }
      await expect(.invalidRequest) { () throws in
        try await store.write([.sample(version: Event.maximumVersion + 1)])
      }
      await expect(.invalidRequest) { () throws in try await store.write([.sample(version: 1), .sample()])
      }
      await expect(.invalidRequest) { () throws in
        try await store.write([.sample(timestamp: Timestamp(milliseconds: -1))])
      }
      await expect(.invalidRequest) { () throws in
        try await store.write([.sample(timestamp: Timestamp(seconds: Timestamp.secondsRange.upperBound + 1))])
      }
      #expect(try await store.eventCount() == 0)
      try await store.write([.sample(String(long.dropLast()))])
      // Two aggregates of one write need not agree on whether they carry versions.
      try await store.write([.sample("x", version: 1), .sample("y")])
    }
  }

  @Test func routingKeysAreInherited() async throws {
    try await withStore { store in
      try await store.write([.sample("a"), .sample("b", routingKey: .value("eu")), .sample("b")])
      #expect(try await store.write([.sample("a"), .sample("b")]).events.map(\.routingKey) == [nil, "eu"])
      let result = try await store.write([.sample("b", routingKey: .value(nil)), .sample("b")])
      #expect(result.events.map(\.routingKey) == [nil, nil])
      #expect(try await store.write([.sample("b")]).events.map(\.routingKey) == [nil])
      #expect(try await store.everything().map(\.node.routingKey) == [nil, "eu", "eu", nil, "eu", nil, nil, nil])
    }
  }

  @Test func textIsComparedByteByByte() async throws {
    try await withStore { store in
      let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
      try #require(composed == decomposed)
      let result = try await store.write([.sample(composed), .sample(decomposed), .sample(composed)])
      #expect(result.events.map(\.version) == [1, 1, 2])
      #expect(try await store.everything([ReadAggregator("bank/Account", id: decomposed)]).count == 1)
      try await store.write([.sample("k", "N\(composed)"), .sample("k", "N\(decomposed)")])
      #expect(try await store.everything([ReadAggregator("bank/Account", name: "N\(composed)")]).count == 1)
    }
  }

  @Test func everyMemberComesBackExactly() async throws {
    try await withStore { store in
      let payloads: [[UInt8]] = [
        [], [0], Array(#"{"a": 1.10, "a": 1E2}"#.utf8), Array(#""\ud800""#.utf8), [0xFF, 0xFE], Array(" 1".utf8),
        (0..<70_000).map { UInt8(truncatingIfNeeded: $0) },
      ]
      for (index, bytes) in payloads.enumerated() {
        let event = NewEvent(
          id: ULID(), aggregatorType: "t/ü", aggregatorID: "id \(index)", version: 1, name: "n'\"",
          routingKey: .value("r"),
          data: Payload(bytes), metadata: try Metadata(json: #"{"k" : [1.0, "\u00e9"]}"#),
          timestamp: Timestamp(seconds: 253_402_300_799, subsecond: 999))
        let written = try await store.write([event]).events[0]
        let edge = try #require(try await store.event(written.id))
        #expect(edge.cursor == written.cursor)
        #expect(
          edge.node
            == Event(
              id: written.id, aggregatorType: "t/ü", aggregatorID: "id \(index)", version: 1, name: "n'\"",
              routingKey: "r", data: Payload(bytes), metadata: event.metadata,
              timestamp: Timestamp(milliseconds: 253_402_300_799_999)))
        #expect(edge.node.data.isJSON == Payload(bytes).isJSON)
      }
    }
  }

  @Test func theClockGivesTheTimeThatIsLeftOut() async throws {
    var configuration = SQLiteConfiguration()
    configuration.now = { Timestamp(milliseconds: 1_234_567) }
    try await withStore(configuration) { store in
      let written = try await store.write([.sample()]).events[0]
      #expect(written.timestamp == Timestamp(seconds: 1234, subsecond: 567))
    }
  }

  @Test func anAggregateEndsAtTheLastVersion() async throws {
    try await withStore { store in
      try await store.write([.sample()])
      try await store.writer.perform { session in
        try session.connection.run("UPDATE event SET version = 2147483646")
        session.headCache.forget()
      }
      #expect(try await store.write([.sample()]).events[0].version == Event.maximumVersion)
      await expect(.invalidRequest) { () throws in try await store.write([.sample()]) }
    }
  }
}
