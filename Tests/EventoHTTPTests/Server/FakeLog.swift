import Evento
import EventoWire

/// A log whose events are numbered from 1, as much of it as a stream needs.
enum FakeLog {
  static func cursor(_ number: Int) -> Cursor {
    Cursor(content: (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) })
  }

  static func edge(_ number: Int, bytes: Int = 0) -> Edge<Event> {
    Edge(
      cursor: cursor(number),
      node: Event(
        id: ULID(), aggregatorType: "bank/Account", aggregatorID: "a", version: number, name: "Paid", routingKey: nil,
        data: Payload(#"{"text":"\#(String(repeating: "x", count: bytes))"}"#), metadata: Metadata(),
        timestamp: Timestamp(milliseconds: 0)))
  }

  /// The lines of some events.
  static func lines(_ numbers: ClosedRange<Int>, bytes: Int = 0) -> [UInt8] {
    numbers.flatMap { StreamFormat.ndjson.line(edge($0, bytes: bytes), .auto) }
  }

  static func heartbeat(_ number: Int) -> [UInt8] { StreamFormat.ndjson.heartbeat(cursor(number)) }

  /// Behind which event a follower asks for more; 0: from the beginning, `nil`: it is no such request.
  static func start(of request: Request) -> Int? {
    guard request.method == "POST", request.target == "/events/stream",
      let follow = try? FollowRequest(json: request.body, lastEventID: nil)
    else { return nil }
    switch follow.after {
    case .beginning: return 0
    case .now: return nil
    case .after(let cursor): return cursor.content.reduce(0) { $0 << 8 | Int($1) }
    }
  }
}

extension Peer {
  static let streamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"

  @discardableResult
  func writeChunk(_ bytes: [UInt8]) -> Bool {
    write("\(String(bytes.count, radix: 16))\r\n") && write(bytes) && write("\r\n")
  }

  /// The proper end of a stream.
  func writeLastChunk() { write("0\r\n\r\n") }
}

extension EventSequence {
  /// The versions of the first events that come.
  func versions(_ count: Int) async throws -> [Int] {
    var versions: [Int] = []
    var events = makeAsyncIterator()
    while versions.count < count, let edge = try await events.next() { versions.append(edge.node.version) }
    return versions
  }
}
