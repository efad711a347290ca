/// What a commit did.
public struct Commit: Sendable, Equatable {
  /// The aggregate's id.
  public let id: String
  /// The aggregate's version now: the original version of the next commit.
  public let version: Int
  /// The place of its last event.
  public let cursor: Cursor
  /// What was stored, in order; that of ``AggregateBuilder/and(_:)`` behind the aggregate's own.
  public let events: [WrittenEvent]
}
