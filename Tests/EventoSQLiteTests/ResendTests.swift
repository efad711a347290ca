import Evento
import EventoSQLite
import Testing

@Suite struct ResendTests {
  @Test func aWriteSentAgainIsAnsweredAsTheFirstTime() async throws {
    try await withStore { store in
      let events = [
        NewEvent.sample("a", id: ULID()), .sample("b", id: ULID(), routingKey: .value("r")), .sample("a", id: ULID()),
      ]
      let first = try await store.write(events)
      try await store.write([.sample("a")])
      let again = try await store.write(events)
      #expect(again.isResend)
      #expect(again.events == first.events)
      #expect(try await store.eventCount() == 4)
      // Each alone, and in another order, is stored just the same.
      #expect(try await store.write([events[1]]).events == [first.events[1]])
      #expect(try await store.write(events.reversed()).events == first.events.reversed())
      #expect(try await store.eventCount() == 4)
    }
  }

  @Test func leftOutMembersAgreeWithWhateverIsStored() async throws {
    try await withStore { store in
      let event = NewEvent.sample(
        id: ULID(), version: 1, routingKey: .value("r"), timestamp: Timestamp(seconds: 5))
      try await store.write([event])
      var again = event
      (again.version, again.routingKey, again.timestamp) = (nil, .inherited, nil)
      #expect(try await store.write([again]).isResend)
    }
  }

  @Test func otherContentIsADuplicate() async throws {
    try await withStore { store in
      let event = NewEvent.sample(
        id: ULID(), version: 1, routingKey: .value("r"), metadata: try Metadata(json: #"{"a":1}"#),
        timestamp: Timestamp(seconds: 5))
      try await store.write([event])
      let changes: [(inout NewEvent) -> Void] = [
        { $0.aggregatorType = "x" }, { $0.aggregatorID = "x" }, { $0.name = "x" }, { $0.version = 2 },
        { $0.routingKey = .value("x") }, { $0.routingKey = .value(nil) }, { $0.data = Payload(#"{"n": 1}"#) },
        { $0.data = Payload() }, { $0.metadata = Metadata() }, { $0.timestamp = Timestamp(seconds: 5, subsecond: 1) },
      ]
      for change in changes {
        var other = event
        change(&other)
        let sent = other
        let error = await failure { () throws in try await store.write([sent]) }
        #expect(error?.code == .duplicateEventID)
        #expect(error?.facts == event.id.map(EventoError.Facts.event))
      }
      #expect(try await store.eventCount() == 1)
    }
  }

  @Test func theFirstEventToBlameIsNamed() async throws {
    try await withStore { store in
      let (stored, fresh) = (NewEvent.sample("a", id: ULID()), NewEvent.sample("b", id: ULID()))
      try await store.write([stored])
      func blamed(_ events: [NewEvent]) async -> ULID? {
        let error = await failure { () throws in try await store.write(events) }
        guard error?.code == .duplicateEventID, case .event(let id) = error?.facts else { return nil }
        return id
      }
      // Stored in part.
      #expect(await blamed([fresh, stored]) == stored.id)
      // Twice in one request: new, and stored.
      #expect(await blamed([fresh, fresh]) == fresh.id)
      #expect(await blamed([stored, stored]) == stored.id)
      // An event without an id is never a resend.
      #expect(await blamed([stored, .sample("c")]) == stored.id)
      #expect(try await store.eventCount() == 1)
    }
  }

  @Test func aResendComesBeforeVersionAndCondition() async throws {
    try await withStore { store in
      let event = NewEvent.sample(id: ULID(), version: 1)
      let condition = WriteCondition(failIfEventsMatch: [ReadAggregator("bank/Account")])
      try await store.write([event], condition: condition)
      try await store.write([.sample(version: 2)])
      #expect(try await store.write([event], condition: condition).isResend)
    }
  }
}
