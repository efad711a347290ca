/// The result of a commit.
public struct Commit: Sendable, Equatable {
  /// The aggregate's id.
  public let id: String
  /// The aggregate's version after the commit: the original version of the next one.
  public let version: Int
  /// The position of its last event.
  public let cursor: Cursor
  /// The stored events in order, those of ``AggregateBuilder/and(_:)`` after the aggregate's own.
  public let events: [WrittenEvent]
}
