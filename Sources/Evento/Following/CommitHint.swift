/// The events that a commit has added to the log, so that a follower of other events need not read it.
///
/// A hint can only save a read. Events reach a follower by its own reads. An executor passes its hints to
/// ``CommitSignal/advance(_:)`` in the order of the commits, one at a time.
public struct CommitHint: Sendable {
  /// The parts of an event that a filter can select.
  public struct Event: Sendable {
    public let aggregatorType: String
    public let aggregatorID: String
    public let name: String
    public let routingKey: String?

    public init(aggregatorType: String, aggregatorID: String, name: String, routingKey: String?) {
      self.aggregatorType = aggregatorType
      self.aggregatorID = aggregatorID
      self.name = name
      self.routingKey = routingKey
    }
  }

  /// All events that were added to the log since the last call of ``CommitSignal/advance(_:)``.
  public let events: [Event]
  /// The cursor of the last of them, which is the end of the log.
  public let end: Cursor
  /// A time before the commit began. A read that had ended by then has seen nothing after ``end``.
  public let began: ContinuousClock.Instant

  public init(events: [Event], end: Cursor, began: ContinuousClock.Instant) {
    self.events = events
    self.end = end
    self.began = began
  }

  /// The maximum number of events of a hint. Waking every follower costs less than matching more of them.
  public static let maximumEvents = 4096
}
