/// Takes the events of a page one after the other, and builds a value from them.
///
/// A forward page is passed from its first event on, a backward page from its last.
package protocol PageBuilder: SendableMetatype {
  associatedtype Value: Sendable

  /// The maximum size of the payloads and metadata that it takes, in bytes, apart from a larger first event. A store that
  /// reads a page as a whole need not read more.
  var byteLimit: Int { get }

  /// Returns false if the page must end before an event with such a payload, and report that there are more. A store
  /// may call it before it reads the payload.
  ///
  /// - Parameters:
  ///   - payloadBytes: The length of the payload.
  ///   - isJSON: True if the payload is JSON.
  func hasRoom(payloadBytes: Int, isJSON: Bool) -> Bool

  /// - Returns: False, with nothing taken, if the page must end before this event, and report that there are more.
  mutating func add(_ event: borrowing EventView) -> Bool

  /// Called once, after the last event.
  ///
  /// - Parameter info: The page's info, as a read would return it.
  mutating func finish(_ info: PageInfo) -> Value
}

extension PageBuilder {
  package var byteLimit: Int { .max }

  package func hasRoom(payloadBytes: Int, isJSON: Bool) -> Bool { true }
}
