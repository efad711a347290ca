package import Evento

/// The estimated size of a write, before it begins.
package struct WriteSize: Sendable {
  /// The approximate time that it keeps the writer busy, as a number of payload bytes that takes as long.
  package let cost: Int
  /// The approximate number of bytes that it will write.
  package let bytes: Int

  package init(cost: Int, bytes: Int) {
    self.cost = cost
    self.bytes = bytes
  }

  /// - Parameter filters: The number of filters of the condition, if it is checked in the writer's turn.
  package init(_ events: [NewEvent], filters: Int = 0) {
    bytes = events.indices.reduce(0) { $0 + Self.bytes(of: events.span[$1]) }
    // An event takes as long as some kilobytes of payload, because each index has an entry for it.
    // A filter can take as long as many events: it may scan the first part of an aggregate.
    cost = bytes + events.count * 4096 + filters * 16_384
  }

  /// Returns the approximate number of bytes that an event adds to the log of changes, with its index entries.
  private static func bytes(of event: borrowing NewEvent) -> Int {
    256 + event.data.bytes.count + event.metadata.bytes.count + event.aggregatorType.utf8.count
      + event.aggregatorID.utf8.count + event.name.utf8.count
  }
}
