import Evento
import EventoGateway
import EventoSQLite
import Foundation
import TestSupport
import Testing

/// Streams that begin far behind the end of the log: they take large steps.
@Suite(.timeLimit(.minutes(2))) struct CatchUpTests {
  private static let filter = "aggregator_type=bank/Account&aggregator_id=followed"

  /// Writes events with the numbers from `first` on, a request for each hundred.
  private static func write(
    _ count: Int, from first: Int = 1, fill: Int = 0, aggregate: String = "followed", to client: HTTPClient
  ) async throws {
    let text = String(repeating: "x", count: fill)
    for start in stride(from: first, to: first + count, by: 100) {
      let events = (start..<min(start + 100, first + count)).map { number in
        eventJSON(["aggregator_id": "\"\(aggregate)\"", "data": "{\"n\":\(number),\"fill\":\"\(text)\"}"])
      }
      let response = try await client.send("POST", "/events", "{\"events\":[\(events.joined(separator: ","))]}")
      #expect(response.status == 201)
    }
  }

  /// The `n` of each whole event.
  private static func numbers(_ text: some StringProtocol) -> [Int] {
    String(text).matches(of: /\{"n":([0-9]+),"fill":"x*"\}/).compactMap { Int($0.output.1) }
  }

  /// A client that reads quickly gets large steps. When it stops, the gateway holds two of them at most, and what the
  /// kernel has taken. When it reads on, it gets everything.
  @Test func readsNoFurtherAheadOfItsClientThanTwoSteps() async throws {
    let (count, fill) = (4000, 3000)
    // Two steps of 256 KiB, a third that was read before the first is complete, and as much for the kernel's buffers.
    let bound = 6 * 256 << 10
    try #require(count * fill > 7 * bound)
    let viewer = MeasuringViewer(try await SQLiteExecutor.open(":memory:"))
    try await withGateway(over: viewer) { client in
      try await Self.write(count, fill: fill, to: client)
      let stream = try RawConnection(port: client.port, receiveBuffer: 4096)
      let fields = [(name: "Accept", value: "application/x-ndjson")]
      try await stream.send(client.message("GET", "/events/stream", nil, fields))
      var received: [UInt8] = []
      func receive(upTo size: Int) async throws {
        while received.count < size {
          let bytes = try await stream.receive(limit: 1 << 16)
          try #require(!bytes.isEmpty)
          received += bytes
          #expect(viewer.bytes <= received.count + bound)
        }
      }
      try await receive(upTo: count * fill / 2)
      // The gateway has time to read too much.
      for _ in 0..<300 { #expect(try await client.send("GET", "/healthz").status == 200) }
      #expect(viewer.bytes <= received.count + bound)
      try await receive(upTo: count * fill)
      while Self.numbers(String(decoding: received.suffix(20_000), as: UTF8.self)).last != count {
        received += try await stream.receive(limit: 1 << 16)
      }
      // A chunk may end within an event's fill, so the framing is removed first.
      #expect(Self.numbers(Self.unchunked(received)) == Array(1...count))
    }
    await viewer.store.close()
  }

  /// Returns the bodies of the chunks of a response (RFC 9112 §7.1), without the incomplete last one.
  private static func unchunked(_ response: [UInt8]) -> String {
    let lineEnd = Array("\r\n".utf8)
    guard let head = response.firstRange(of: Array("\r\n\r\n".utf8)) else { return "" }
    var rest = response[head.upperBound...]
    var text: [UInt8] = []
    while let line = rest.firstRange(of: lineEnd),
      let size = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16),
      rest.endIndex - line.upperBound >= size
    {
      text += rest[line.upperBound..<line.upperBound + size]
      rest = rest[(line.upperBound + size)...].dropFirst(2)
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// From the beginning, while others write: the seam between the stored events and the new ones is anywhere.
  @Test(arguments: ["text/event-stream", "application/x-ndjson"])
  func skipsAndRepeatsNothingWhereTheLogGoesOn(_ accept: String) async throws {
    let (stored, new) = (3000, 600)
    try await withGateway { client in
      try await Self.write(stored, fill: 100, to: client)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          for number in 0..<new / 5 { try await Self.write(5, from: stored + number * 5 + 1, to: client) }
        }
        for _ in 0..<4 {
          group.addTask {
            let stream = try await OpenStream(client, "/events/stream", fields: [("Accept", accept)]) {
              $0.contains("{\"n\":\(stored + new),")
            }
            #expect(Self.numbers(stream.text) == Array(1...stored + new))
          }
        }
        try await group.waitForAll()
      }
    }
  }

  /// A heartbeat among old events says how far they were read, so a client can continue from it.
  @Test func sendsHeartbeatsWhileASparseFilterCatchesUp() async throws {
    let count = 2000
    try await withGateway({ $0.heartbeat = .milliseconds(1) }) { client in
      for start in stride(from: 1, through: count, by: 20) {
        try await Self.write(20, from: start, fill: 100, to: client)
        try await Self.write(60, fill: 10, aggregate: "other", to: client)
      }
      var seen: [Int] = []
      var cursors: [String] = []
      while seen.count < count {
        let (numbers, cursor) = try await Self.readUpToHeartbeat(after: cursors.last, client)
        seen += numbers
        cursors.append(cursor)
      }
      #expect(seen == Array(1...count))
      #expect(cursors.count > 1)
    }
  }

  /// Returns the numbers before the last heartbeat that came, and its cursor.
  private static func readUpToHeartbeat(
    after cursor: String?, _ client: HTTPClient
  ) async throws -> (numbers: [Int], cursor: String) {
    let after = cursor.map { "&after=\($0)" } ?? ""
    let stream = try await OpenStream(client, "/events/stream?\(filter)\(after)") { OpenStream.heartbeats($0) >= 1 }
    let blocks = stream.text.components(separatedBy: "\n\n").dropLast()
    let heartbeat = try #require(blocks.lastIndex { $0.hasPrefix(": heartbeat\nid: ") })
    return (
      numbers(blocks[..<heartbeat].joined(separator: "\n")),
      String(blocks[heartbeat].dropFirst(": heartbeat\nid: ".count))
    )
  }

  /// The limits of the store's pages bound a step too, and an event that is larger than a step is a step of its own.
  @Test func goesOnWithPagesOfAnySize() async throws {
    try await withGateway(store: { $0.pageEvents = 7 }) { client in
      try await Self.write(1000, fill: 50, to: client)
      let stream = try await OpenStream(client, "/events/stream") { Self.numbers($0).last == 1000 }
      #expect(Self.numbers(stream.text) == Array(1...1000))
    }
    try await withGateway { client in
      var sizes: [Int] = []
      for number in 1...40 {
        sizes.append([100, 300_000, 10, 600_000, 65_000][number % 5])
        try await Self.write(1, from: number, fill: sizes[number - 1], to: client)
        try await Self.write(40, from: 1000, fill: 100, aggregate: "other", to: client)
      }
      let stream = try await OpenStream(client, "/events/stream?\(Self.filter)") {
        $0.utf8.count > sizes.reduce(0, +) && Self.numbers($0).last == sizes.count
      }
      #expect(Self.numbers(stream.text) == Array(1...sizes.count))
    }
  }
}
