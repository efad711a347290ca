package import Evento

/// The store of another program, whose events can be imported.
package protocol ForeignLog: Sendable {
  /// The number of events.
  var count: Int { get }

  /// Returns the next events in the order in which to import them: versions of an aggregate follow each other.
  ///
  /// - Parameter position: The number of events before them.
  /// - Throws: `invalid_request` if an event can't be imported.
  func events(after position: Int, first count: Int) async throws -> [Event]

  /// Returns the subscribers, without cursors.
  func subscribers() async throws -> [ForeignRow<Subscriber>]

  /// Returns a page of the snapshots, with cursors that mean nothing.
  ///
  /// - Parameter offset: The number of snapshots before them.
  func snapshots(after offset: Int, first count: Int) async throws -> [ForeignRow<KeyedSnapshot>]
}

/// A row of another program's store.
package struct ForeignRow<Row: Sendable>: Sendable {
  package let row: Row
  /// The event at its position; `nil` for the beginning.
  package let event: ULID?

  package init(_ row: Row, event: ULID?) {
    self.row = row
    self.event = event
  }
}
