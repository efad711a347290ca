/// The numbers that are read from a store itself, for `/metrics`. Reading them takes time in proportion to the number of
/// subscribers, and none in proportion to the log.
package struct StoreFigures: Sendable, Equatable {
  /// The number of events in the log.
  package let events: Int
  package let enabledSubscribers: Int
  package let disabledSubscribers: Int
  /// The enabled subscribers that are furthest behind, the last one first, and at most as many as requested.
  package let slowest: [Lag]

  package init(events: Int, enabledSubscribers: Int, disabledSubscribers: Int, slowest: [Lag]) {
    self.events = events
    self.enabledSubscribers = enabledSubscribers
    self.disabledSubscribers = disabledSubscribers
    self.slowest = slowest
  }

  /// The distance of a subscriber from the end of the log.
  package struct Lag: Sendable, Equatable {
    package let key: String
    /// The number of events after its position, whether it has a filter or not.
    package let events: Int
    /// The timestamp of the first event after its position; `nil` at the end of the log.
    package let next: Timestamp?

    package init(key: String, events: Int, next: Timestamp?) {
      self.key = key
      self.events = events
      self.next = next
    }
  }
}
