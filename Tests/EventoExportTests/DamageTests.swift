import Evento
import EventoSQLite
import EventoWire
import Testing

@testable import EventoExport

@Suite struct DamageTests {
  private static func smallExport() async throws -> [UInt8] {
    try await withStore { store in
      for number in 0..<3 {
        try await store.write([
          NewEvent(aggregatorType: "t", aggregatorID: "i", name: "n", data: Payload("\(number)"))
        ])
      }
      try await store.upsertSubscriber("s", workerID: ULID())
      return try await export(store, all: true)
    }
  }

  /// Reads an export to its end.
  ///
  /// - Returns: The number of events that were returned before the error.
  private static func read(_ bytes: [UInt8]) async -> (events: Int, error: EventoError?) {
    let input = input(bytes, pieces: 100)
    var events = 0
    do {
      _ = try await input.contents()
      while true {
        let batch = try await input.nextBatch()
        events += batch.events.count
        if batch.isLast { return (events, nil) }
      }
    } catch {
      return (events, error as? EventoError)
    }
  }

  @Test func aCutFileIsRefused() async throws {
    let bytes = try await Self.smallExport()
    #expect(await Self.read(bytes).error == nil)
    for count in 0..<bytes.count {
      let result = await Self.read(Array(bytes[..<count]))
      #expect(result.error?.code == .invalidRequest && result.events == 0, "cut after \(count) bytes")
    }
  }

  @Test func anAlteredFileIsRefused() async throws {
    let bytes = try await Self.smallExport()
    for index in bytes.indices {
      for change: UInt8 in [1, 0x20, 0x80] {
        var altered = bytes
        altered[index] ^= change
        let result = await Self.read(altered)
        #expect(result.error?.code == .invalidRequest && result.events == 0, "byte \(index) changed by \(change)")
      }
      var shorter = bytes
      shorter.remove(at: index)
      #expect(await Self.read(shorter).error != nil, "without byte \(index)")
      var longer = bytes
      longer.insert(UInt8(ascii: " "), at: index)
      #expect(await Self.read(longer).error != nil, "a blank at byte \(index)")
    }
    for tail in ["\n", "{}\n", "x"] { #expect(await Self.read(bytes + Array(tail.utf8)).error != nil) }
  }

  /// The batches before the damage are stored, and the whole file continues after them.
  @Test func continuesAfterACut() async throws {
    try await withStore { source in
      for _ in 0..<5 {
        try await source.write((0..<500).map { NewEvent(aggregatorType: "t", aggregatorID: "\($0)", name: "n") })
      }
      let bytes = try await export(source)
      try await withStore { target in
        let error = await detail { try await load(Array(bytes[..<(bytes.count / 2)]), into: target) }
        #expect(error?.hasPrefix("e.ndjson is incomplete: it ends after line 1") == true, "\(error ?? "no error")")
        #expect(try await target.eventCount() == 1000)
        let result = try await load(bytes, into: target)
        #expect(result.events == 2500 && result.presentEvents == 1000)
        #expect(try await events(of: target) == events(of: source))
      }
    }
  }

  @Test(arguments: [
    "", "\n", "{}\n", "hello\n", "[1,2]\n", "{\"type\":\"event\"}\n", "{\"type\":\"header\",\"format\":\"other\"}\n",
    String(repeating: "x", count: 200_000), "{" + String(repeating: " ", count: 200_000), "\u{0}\u{1}\n",
  ])
  func aForeignFileIsRefused(_ text: String) async throws {
    try await withStore { target in
      let error = await detail { try await load(Array(text.utf8), into: target) }
      #expect(error?.contains("not an export of evento-gateway") == true, "\(error ?? "no error")")
    }
  }

  @Test func aLaterVersionIsNamed() async throws {
    let text = String(decoding: try await Self.smallExport(), as: UTF8.self)
      .replacing("\"version\":1,\"created_at\"", with: "\"version\":2,\"created_at\"")
    let error = await Self.read(Array(text.utf8)).error
    #expect(error?.detail.contains("version 2 of the format") == true)
  }
}
