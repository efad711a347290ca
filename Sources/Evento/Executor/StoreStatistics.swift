/// The contents of a store in numbers, at one moment.
package struct StoreStatistics: Sendable, Equatable {
  package var events = 0
  /// By name, in byte order.
  package var aggregatorTypes: [AggregatorType] = []
  package var snapshots = 0
  /// The bytes of the payloads and metadata of all events.
  package var contentBytes = 0
  /// The bytes of the database on disk, with its indexes and its write-ahead log.
  package var databaseBytes = 0
  /// The first event of the log; `nil` if it is empty.
  package var oldest: LogEvent?
  /// The last event of the log.
  package var newest: LogEvent?
  /// By key, in byte order.
  package var subscribers: [SubscriberLag] = []

  package init() {}

  package var aggregators: Int { aggregatorTypes.reduce(0) { $0 + $1.aggregators } }

  package struct AggregatorType: Sendable, Equatable {
    package let name: String
    /// The number of aggregates of the type.
    package let aggregators: Int
    package let events: Int

    package init(name: String, aggregators: Int, events: Int) {
      self.name = name
      self.aggregators = aggregators
      self.events = events
    }
  }

  package struct LogEvent: Sendable, Equatable {
    package let id: ULID
    package let timestamp: Timestamp

    package init(id: ULID, timestamp: Timestamp) {
      self.id = id
      self.timestamp = timestamp
    }
  }

  package struct SubscriberLag: Sendable, Equatable {
    package let key: String
    package let isEnabled: Bool
    /// The number of events after its position, whether it has a filter or not.
    package let events: Int
    /// The timestamp of the first of them; `nil` at the end of the log.
    package let next: Timestamp?

    package init(key: String, isEnabled: Bool, events: Int, next: Timestamp?) {
      self.key = key
      self.isEnabled = isEnabled
      self.events = events
      self.next = next
    }

    /// The age of the first of these events, in seconds; 0 at the end of the log.
    package func seconds(at now: Timestamp) -> Int {
      next.map { max(Int((now.milliseconds - $0.milliseconds) / 1000), 0) } ?? 0
    }
  }
}
