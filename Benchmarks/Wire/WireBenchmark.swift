import Evento
import EventoWire
import Foundation

/// Reading and writing events as JSON, and typed payloads by `JSONCoder`, against Foundation's coders doing the same with
/// `Codable` values: prints a JSON object with nanoseconds an event or payload.
///
/// It is of this package, not of the one beside it, because what it measures is open to this package alone. What ours
/// does beyond Foundation (forms, limits, errors with their locations, payloads to the byte) is included.
@main
enum WireBenchmark {
  static let events = 100

  static func main() throws {
    let body = try Plain.requestBody(events)
    let single = try Plain.requestBody(1)
    let page = try samplePage(WriteRequest(json: body, limits: WireLimits()))
    let plain = Plain.Page(page)
    let (decoder, encoder) = (JSONDecoder(), JSONEncoder())
    let (coder, order) = (JSONCoder(), Order.sample)
    let payload = try coder.encode(order)
    let (orderDecoder, orderEncoder) = (Order.foundationDecoder(), Order.foundationEncoder())
    guard try coder.decode(Order.self, from: payload) == orderDecoder.decode(Order.self, from: Data(payload.bytes)),
      try orderEncoder.encode(order) == Data(payload.bytes)
    else { fatalError("The coders differ.") }

    var results: [[String: Any]] = []
    for _ in 0..<rounds {
      results.append([
        "decode_ns": try time { try WriteRequest(json: body, limits: WireLimits()).events.count },
        "decode_single_ns": try time(1) { try WriteRequest(json: single, limits: WireLimits()).events.count },
        "foundation_decode_single_ns": try time(1) {
          try JSONDecoder().decode(Plain.Request.self, from: Data(single)).events.count
        },
        "foundation_decode_ns": try time { try decoder.decode(Plain.Request.self, from: Data(body)).events.count },
        "encode_ns": time { encoded(page).count },
        "foundation_encode_ns": try time { try encoder.encode(plain).count },
        "payload_decode_ns": try time(1) { try coder.decode(Order.self, from: payload).cents },
        "foundation_payload_decode_ns": try time(1) {
          try orderDecoder.decode(Order.self, from: Data(payload.bytes)).cents
        },
        "payload_encode_ns": try time(1) { try coder.encode(order).bytes.count },
        "foundation_payload_encode_ns": try time(1) { try Payload(Array(orderEncoder.encode(order))).bytes.count },
      ])
    }
    let output = try JSONSerialization.data(withJSONObject: ["rounds": results], options: [.sortedKeys])
    print(String(decoding: output, as: UTF8.self))
  }

  private static let rounds = 5

  private static func encoded(_ page: ReadResult<Event>) -> [UInt8] {
    var output = PageOutput(.forward(), .auto, limit: .max)
    let info = page.forEachEvent(.forward()) { output.add($0) }
    return output.finish(info)
  }

  /// Nanoseconds an event; `body` gives a number that something depends on, so that it can't be left out.
  private static func time(_ events: Int = events, _ body: () throws -> Int) rethrows -> Double {
    var (count, sum) = (0, 0)
    let clock = ContinuousClock()
    let start = clock.now
    repeat {
      sum &+= try body()
      count += 1
    } while start.duration(to: clock.now) < .milliseconds(200)
    precondition(sum != 0)
    return start.duration(to: clock.now) / .nanoseconds(1) / Double(count * events)
  }

  private static func samplePage(_ request: WriteRequest) -> ReadResult<Event> {
    let edges = request.events.enumerated().map { index, event in
      Edge(
        cursor: Cursor(content: [UInt8](repeating: UInt8(index), count: 14)),
        node: Event(
          id: ULID(), aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID, version: index + 1,
          name: event.name, routingKey: nil, data: event.data, metadata: event.metadata,
          timestamp: Timestamp(seconds: 1_795_599_885, subsecond: 407)))
    }
    return ReadResult(
      edges: edges,
      pageInfo: PageInfo(
        hasPreviousPage: false, hasNextPage: true, startCursor: edges.first?.cursor, endCursor: edges.last?.cursor))
  }
}
