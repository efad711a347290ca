internal import Evento

/// The content of a store in memory.
struct InMemoryStore: Sendable {
  var log = InMemoryLog()
  var subscribers = InMemorySubscribers()
  var snapshots: [SnapshotKey: Snapshot] = [:]
}

/// The filter of a read.
struct EventFilter {
  let aggregators: [ReadAggregator]?
  let routingKey: RoutingKey

  func matches(_ event: Event) -> Bool {
    routingKey.matches(event) && (aggregators?.contains { $0.matches(event) } ?? true)
  }
}
