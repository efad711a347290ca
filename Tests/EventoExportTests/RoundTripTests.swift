import ByteCoding
import Evento
import EventoExport
import EventoSQLite
import EventoWire
import Testing

@Suite struct RoundTripTests {
  /// Everything of an event comes back, in the order of the log, however the bytes of the export arrive.
  @Test(arguments: [1, 7, 4096, 1 << 20]) func keepsEveryByte(pieces: Int) async throws {
    try await withStore { source in
      try await Sample.fill(source)
      try await source.eraseAggregate(type: "bank/Account", id: "3")
      let original = try await events(of: source)
      #expect(original.contains(where: \.isErased) && original.count == Sample.payloads.count)
      let bytes = try await export(source)
      try await withStore { target in
        let result = try await load(bytes, into: target, pieces: pieces)
        #expect(result.events == original.count && result.presentEvents == 0)
        let copy = try await events(of: target)
        #expect(copy == original)
        #expect(copy.map(\.data.isJSON) == original.map(\.data.isJSON))
        let again = try await export(target)
        #expect(
          again.split(separator: UInt8(ascii: "\n")).count == bytes.split(separator: UInt8(ascii: "\n")).count)
        // A second run stores nothing.
        let second = try await load(bytes, into: target, pieces: pieces)
        #expect(second.presentEvents == original.count)
        #expect(try await target.eventCount() == original.count)
      }
    }
  }

  @Test func anEmptyStore() async throws {
    try await withStore { source in
      let bytes = try await export(source, all: true)
      #expect(bytes.split(separator: UInt8(ascii: "\n")).count == 2)
      try await withStore { target in
        let result = try await load(bytes, into: target, all: true)
        #expect(result.events == 0)
      }
    }
  }

  /// More events than a page, a batch and a write have, and payloads that are larger than a batch.
  @Test func largeLogs() async throws {
    try await withStore { source in
      for size in [0, 100, 8 << 20, 3 << 20, 3 << 20, 3 << 20, 10] {
        try await source.write([
          NewEvent(
            aggregatorType: "t", aggregatorID: "large", name: "n", data: Payload([UInt8](repeating: 200, count: size)))
        ])
      }
      for _ in 0..<5 {
        try await source.write((0..<500).map { NewEvent(aggregatorType: "t", aggregatorID: "\($0)", name: "n") })
      }
      let bytes = try await export(source)
      let checks = bytes.split(separator: UInt8(ascii: "\n")).count {
        $0.starts(with: Array("{\"type\":\"check\"".utf8))
      }
      #expect(checks >= 5)
      try await withStore { target in
        let result = try await load(bytes, into: target)
        #expect(result.events == 2507)
        #expect(try await events(of: target) == events(of: source))
      }
    }
  }

  /// The lines of events are those of a stream, so programs that read streams read exports.
  @Test func linesAreThoseOfAStream() async throws {
    try await withStore { source in
      try await source.write([NewEvent(aggregatorType: "t", aggregatorID: "i", name: "n", data: Payload("1.10"))])
      let edge = try #require(try await source.read().edges.first)
      let lines = try await export(source).split(separator: UInt8(ascii: "\n"))
      #expect(lines[1].elementsEqual(StreamFormat.ndjson.line(edge, .auto).dropLast()))
    }
  }

  /// Subscribers and snapshots keep all values, with the cursors of the target.
  @Test func subscribersAndSnapshots() async throws {
    try await withStore { source in
      try await Sample.fill(source)
      let edges = try await source.read(args: .forward(first: 100)).edges
      let beginning = try #require(try await source.read(args: .forward(first: 0)).pageInfo.endCursor)
      let worker = ULID()
      try await source.upsertSubscriber("none", workerID: worker)
      try await source.upsertSubscriber("half \"\u{2028}", workerID: worker)
      try await source.acknowledge("half \"\u{2028}", cursor: edges[41].cursor, lag: 12)
      try await source.upsertSubscriber("off", workerID: ULID())
      try await source.acknowledge("off", cursor: source.read(args: .backward(last: 1)).edges[0].cursor)
      try await source.setSubscriberEnabled("off", false)
      for (index, payload) in Sample.payloads.enumerated() {
        try await source.saveSnapshot(
          SnapshotKey(type: "t", revision: "\(index % 2)", id: "\(index)"),
          Snapshot(data: Payload(payload), cursor: index == 0 ? beginning : edges[index % 100].cursor))
      }
      let bytes = try await export(source, all: true)
      try await withStore { target in
        let result = try await load(bytes, into: target, all: true)
        #expect(result.subscribers == 3 && result.snapshots == Sample.payloads.count)
        let copies = try await target.read(args: .forward(first: 100)).edges
        #expect(copies[0].cursor != edges[0].cursor)
        for (subscriber, copy) in zip(try await source.subscribers(), try await target.subscribers()) {
          #expect(subscriber.key == copy.key && subscriber.workerID == copy.workerID && subscriber.lag == copy.lag)
          #expect(subscriber.isEnabled == copy.isEnabled && subscriber.createdAt == copy.createdAt)
          #expect(subscriber.updatedAt == copy.updatedAt && (subscriber.cursor == nil) == (copy.cursor == nil))
        }
        #expect(try await target.subscriber("half \"\u{2028}")?.cursor == copies[41].cursor)
        let end = try await target.read(args: .backward(last: 1)).edges[0].cursor
        #expect(try await target.subscriber("off")?.cursor == end)
        for (index, payload) in Sample.payloads.enumerated() {
          let key = SnapshotKey(type: "t", revision: "\(index % 2)", id: "\(index)")
          let copy = try #require(try await target.getSnapshot(key))
          #expect(copy.data == Payload(payload))
          if index > 0 { #expect(copy.cursor == copies[index % 100].cursor) }
        }
        // Without --all, they are left out.
        try await target.deleteSubscriber("none")
        try await load(bytes, into: target)
        #expect(try await target.subscribers().count == 2)
      }
      let without = try await export(source)
      try await withStore { target in
        #expect(await detail { try await load(without, into: target, all: true) }?.contains("no subscribers") == true)
      }
    }
  }

  /// An event that was erased after the first import is erased by the second one.
  @Test func erasureIsImported() async throws {
    try await withStore { source in
      try await Sample.fill(source)
      let before = try await export(source)
      try await withStore { target in
        try await load(before, into: target)
        try await source.eraseAggregate(type: "bank/Account", id: "3")
        try await load(export(source), into: target)
        #expect(try await events(of: target) == events(of: source))
        // And the earlier export does not bring the content back.
        try await load(before, into: target)
        #expect(try await events(of: target) == events(of: source))
      }
    }
  }
}
