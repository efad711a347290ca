/// Takes the events of a page one after the other, and makes of them what is wanted.
///
/// A page that is read forward is shown from its first event on, one that is read backward from its last.
package protocol PageBuilder: SendableMetatype {
  associatedtype Value: Sendable

  /// Returns false if the page is to end before an event with such a payload, and to say that there are more. A store may
  /// call it before it reads the payload.
  ///
  /// - Parameters:
  ///   - payloadBytes: the length of the payload.
  ///   - isJSON: whether the payload is JSON.
  func hasRoom(payloadBytes: Int, isJSON: Bool) -> Bool

  /// - Returns: false, with nothing taken, where the page is to end before this event, and to say that there are more.
  mutating func add(_ event: borrowing EventView) -> Bool

  /// Called once, behind the last event.
  ///
  /// - Parameter info: what the read would say of the page.
  mutating func finish(_ info: PageInfo) -> Value
}

extension PageBuilder {
  package func hasRoom(payloadBytes: Int, isJSON: Bool) -> Bool { true }
}
