import Evento
import EventoExport
import EventoSQLite
import EventoWire
import Testing

/// Stores that have events before an import.
@Suite struct TargetTests {
  private static func event(_ id: String, _ type: String = "t", version: Int? = nil) -> NewEvent {
    NewEvent(aggregatorType: type, aggregatorID: id, version: version, name: "n", data: Payload("1"))
  }

  /// Nothing is written into a store with other events.
  @Test(arguments: [0, 1, 2]) func refusesOtherEvents(common: Int) async throws {
    try await withStore { source in
      for number in 0..<3 { try await source.write([Self.event("\(number)")]) }
      let bytes = try await export(source)
      try await withStore { target in
        for event in try await events(of: source).prefix(common) {
          try await target.write([
            NewEvent(
              id: event.id, aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID, name: event.name,
              data: event.data, timestamp: event.timestamp)
          ])
        }
        try await target.write([Self.event("other")])
        let error = await detail { try await load(bytes, into: target) }
        #expect(error?.contains("target has the event") == true, "\(error ?? "no error")")
        #expect(error?.contains("which is not that of e.ndjson, line \(common + 2)") == true, "\(error ?? "")")
        #expect(try await target.eventCount() == common + 1)
      }
    }
  }

  /// A store that has moved on is left alone, with its subscribers.
  @Test func refusesAStoreThatHasMovedOn() async throws {
    try await withStore { source in
      try await source.write([Self.event("0")])
      try await source.upsertSubscriber("s", workerID: ULID())
      let bytes = try await export(source, all: true)
      try await withStore { target in
        try await load(bytes, into: target, all: true)
        let edge = try await target.write([Self.event("1")]).events[0]
        try await target.acknowledge("s", cursor: edge.cursor)
        #expect(
          await detail { try await load(bytes, into: target, all: true) }?.contains("after the end of e.ndjson") == true
        )
        #expect(try await target.subscriber("s")?.cursor == edge.cursor)
      }
    }
  }

  /// A part of a log is added to what is there, once.
  @Test func addsAPart() async throws {
    try await withStore { source in
      for number in 0..<4 { try await source.write([Self.event("\(number % 2)", number % 2 == 0 ? "a" : "b")]) }
      let filter = ExportHeader.Filter(aggregators: [ReadAggregator("a")], routingKey: .all)
      let bytes = try await export(source, filter)
      try await withStore { target in
        try await target.write([Self.event("x")])
        let result = try await load(bytes, into: target)
        #expect(result == LogImport.Result(events: 2, presentEvents: 0, subscribers: 0, snapshots: 0))
        #expect(try await load(bytes, into: target).presentEvents == 2)
        // A later export has these events and another one.
        try await source.write([Self.event("0", "a")])
        let later = try await load(export(source, filter), into: target)
        #expect(later.events == 3 && later.presentEvents == 2)
        #expect(try await target.eventCount() == 4)
        let all = try await events(of: source).filter { $0.aggregatorType == "a" }
        #expect(try await events(of: target).filter { $0.aggregatorType == "a" } == all)
      }
    }
  }

  /// The later events of an aggregate alone have no place in an empty store.
  @Test func namesAGap() async throws {
    try await withStore { source in
      try await source.write([
        Self.event("i"), NewEvent(aggregatorType: "t", aggregatorID: "i", name: "later", data: Payload("1")),
      ])
      let filter = ExportHeader.Filter(aggregators: [ReadAggregator("t", name: "later")], routingKey: .all)
      let bytes = try await export(source, filter)
      try await withStore { target in
        let error = await detail { try await load(bytes, into: target) }
        #expect(
          error
            == "e.ndjson, line 2: Expected version 1 for t \"i\", but got 2. Earlier events of this aggregate are missing there, or target has others.",
          "\(error ?? "no error")")
      }
    }
  }

  @Test func refusesOtherContentUnderAnID() async throws {
    try await withStore { source in
      let id = ULID()
      var event = Self.event("i", "a")
      event.id = id
      try await source.write([event])
      let bytes = try await export(source, ExportHeader.Filter(aggregators: [ReadAggregator("a")], routingKey: .all))
      try await withStore { target in
        event.data = Payload("2")
        try await target.write([event])
        #expect(await detail { try await load(bytes, into: target) }?.contains("with other content") == true)
      }
    }
  }
}
