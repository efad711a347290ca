import Evento
import EventoStorage
import Testing

/// Events, subscribers and snapshots that a careless copy would change.
enum HostileContent {
  static let names = [
    "bank/Account", "é", "e\u{301}", "\u{10FFFF}", "\u{80}", "a'b\"c\\d;--", "..", "%2F", " x ", "\u{2028}\u{202E}",
    "NULL",
    String(repeating: "é", count: 127), "0", "💶",
  ]

  static let payloads: [Payload] =
    [
      Payload(), Payload(Array(0...255)), Payload("1.10"), Payload("1E2"), Payload(#"{"a":1,"a":2,"b" : [ ]}"#),
      Payload(#""\ud800""#), Payload(" 1 "), Payload([0xFF, 0xFE]), Payload([0]), Payload("null"), Payload("{"),
      Payload(String(repeating: "[", count: 128) + String(repeating: "]", count: 128)),
      Payload((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }),
    ] + (0...255).map { Payload([UInt8](repeating: $0, count: 256)) }

  static let metadata = [
    "{}", #"{"requested_by":"\u0000 ä"}"#, #"{ "spaces" : [ 1 , 2 ] }"#,
    #"{"n":12345678901234567890123456789012345678901}"#,
    "{\"long\":\"\(String(repeating: "x", count: 60_000))\"}",
  ]

  /// Fills a store, and returns the number of its events.
  static func fill(_ store: any DatabaseStore) async throws -> Int {
    try await fillEvents(store)
    let edges = try await store.allEvents()
    let beginning = try await store.read(nil, routingKey: .all, args: .forward(first: 0)).pageInfo.endCursor
    for (index, name) in names.enumerated() {
      let worker = ULID()
      _ = try await store.upsertSubscriber(name, workerID: worker)
      // One at the beginning, as it was created; one at the position before all events; the others anywhere.
      let cursors = [nil, beginning] + names.indices.map { edges[$0 * 7 % edges.count].cursor }
      _ = try await store.acknowledge(
        name, cursor: cursors[index], lag: index == 3 ? Subscriber.maximumLag : index, workerID: worker)
      if index % 3 == 0 { _ = try await store.setSubscriberEnabled(name, false) }
      for (revision, payload) in zip(["1", name], payloads.dropFirst(index)) {
        let key = SnapshotKey(type: name, revision: revision, id: names[(index + 1) % names.count])
        let cursor = cursors.last { $0 != nil } ?? nil
        try await store.saveSnapshot(key, Snapshot(data: payload, cursor: try #require(cursors[index] ?? cursor)))
      }
    }
    return edges.count
  }

  private static func fillEvents(_ store: any DatabaseStore) async throws {
    let ends = [0, 253_402_300_799_999].map(Timestamp.init(milliseconds:))
    // A commit of its own for each payload, and one commit for all names.
    for (index, payload) in payloads.enumerated() {
      try await store.write([
        NewEvent(
          aggregatorType: "t", aggregatorID: "payloads", name: "n\(index)", data: payload,
          metadata: try Metadata(json: metadata[index % metadata.count]), timestamp: index < 2 ? ends[index] : nil)
      ])
    }
    try await store.write(
      names.flatMap { name in
        names.flatMap { other in
          [
            NewEvent(aggregatorType: name, aggregatorID: other, name: name, routingKey: .value(other)),
            NewEvent(aggregatorType: name, aggregatorID: other, name: other),
            NewEvent(aggregatorType: name, aggregatorID: other, name: other, routingKey: .value(nil)),
          ]
        }
      })
  }
}

extension Executor {
  /// Every event that matches.
  func allEvents(
    _ aggregators: [ReadAggregator]? = nil, _ routingKey: RoutingKey = .all, after start: Args.Start = .beginning
  ) async throws -> [Edge<Event>] {
    var edges: [Edge<Event>] = []
    var start = start
    while true {
      let page = try await read(aggregators, routingKey: routingKey, args: .forward(first: 65_535, after: start))
      edges += page.edges
      guard page.pageInfo.hasNextPage, let end = page.pageInfo.endCursor else { return edges }
      start = .after(end)
    }
  }
}

extension DatabaseStore {
  /// Every snapshot.
  func allSnapshots() async throws -> [KeyedSnapshot] {
    var all: [KeyedSnapshot] = []
    while true {
      let page = try await snapshots(first: 1000, after: all.last?.key)
      all += page.snapshots
      guard page.hasNextPage else { return all }
    }
  }
}
