package import Evento

/// The look-ups in the log that the decision about a write needs. Each store has its own way.
///
/// Everything is as of the end of the log after which the events of the write would come, with those of earlier writes
/// in the same transaction counted. Each may throw the store's own failure.
///
/// The code that decides takes any look-up. If it were generic, this module would have it only unspecialized.
package protocol LogLookup {
  /// Returns whether an event with an id is stored.
  func isStored(_ id: ULID) throws -> Bool

  /// Returns the result of the first write of an event; `nil` if the event with this id has other content.
  func storedEvent(_ event: NewEvent, _ id: ULID) throws -> WrittenEvent?

  /// Returns the version and routing key of an aggregate's latest event; `nil` if it has no event.
  func head(of aggregate: AggregateKey) throws -> AggregateHead?

  /// Returns the number of events up to a cursor.
  ///
  /// - Throws: `cursor_not_in_history`.
  func position(of cursor: Cursor) throws -> Int64

  /// Returns whether an event after a position matches a condition.
  func hasMatch(_ condition: WriteCondition, after position: Int64) throws -> Bool
}

/// The state of a stored aggregate that its next event follows from.
package struct AggregateHead: Sendable {
  /// The row of the aggregate.
  package let aggregate: Int64
  package let version: Int
  package let routingKey: String?

  package init(aggregate: Int64, version: Int, routingKey: String?) {
    self.aggregate = aggregate
    self.version = version
    self.routingKey = routingKey
  }
}
