internal import Evento

/// All that a store in memory holds.
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

/// What a read is of.
struct EventFilter {
  let aggregators: [ReadAggregator]?
  let routingKey: RoutingKey

  func matches(_ event: Event) -> Bool {
    routingKey.matches(event) && (aggregators?.contains { $0.matches(event) } ?? true)
  }
}
