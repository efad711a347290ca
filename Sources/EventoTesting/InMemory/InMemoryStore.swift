internal import Evento

/// All that a store in memory holds.
struct InMemoryStore: Sendable {
  var log = InMemoryLog()
  var subscribers = InMemorySubscribers()
  var snapshots: [SnapshotKey: Snapshot] = [:]
}

/// What a read is of.
struct EventFilter {
  let aggregators: [ReadAggregator]?
  let routingKey: RoutingKey

  func matches(_ event: Event) -> Bool {
    routingKey.matches(event) && (aggregators?.contains { $0.matches(event) } ?? true)
  }
}
