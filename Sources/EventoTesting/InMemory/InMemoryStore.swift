internal import Evento

/// The content of a store in memory.
struct InMemoryStore: Sendable {
  var log = InMemoryLog()
  var subscribers = InMemorySubscribers()
  var snapshots: [ExactSnapshotKey: Snapshot] = [:]
}

/// A snapshot's key, compared by bytes.
struct ExactSnapshotKey: Hashable, Sendable {
  let type: ExactText
  let revision: ExactText
  let id: ExactText

  init(_ key: SnapshotKey) {
    type = ExactText(key.type)
    revision = ExactText(key.revision)
    id = ExactText(key.id)
  }
}

/// The filter of a read.
struct EventFilter {
  let aggregators: [ReadAggregator]?
  let routingKey: RoutingKey

  func matches(_ event: Event) -> Bool {
    routingKey.matches(event) && (aggregators?.contains { $0.matches(event) } ?? true)
  }
}
