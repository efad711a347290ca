package import Evento

/// The events that one write has added to the log, with their results.
package struct AddedEvents {
  package let events: [NewEvent]
  package let written: [WrittenEvent]

  package init(events: [NewEvent], written: [WrittenEvent]) {
    self.events = events
    self.written = written
  }
}

extension CommitHint {
  /// Creates the hint of a commit.
  ///
  /// - Parameters:
  ///   - added: The writes of the commit that have added events.
  ///   - end: The cursor of the last event.
  ///   - began: A time before the commit began.
  package init(_ added: [AddedEvents], end: Cursor, began: ContinuousClock.Instant) {
    var events: [Event] = []
    events.reserveCapacity(added.reduce(0) { $0 + $1.written.count })
    for write in added {
      // Borrowed: copying an event would retain and release each of its members.
      for index in write.events.indices {
        events.append(Event(write.events.span[index], routingKey: write.written[index].routingKey))
      }
    }
    self.init(events: events, end: end, began: began)
  }
}

extension CommitHint.Event {
  fileprivate init(_ event: borrowing NewEvent, routingKey: String?) {
    self.init(
      aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID, name: event.name, routingKey: routingKey)
  }
}
