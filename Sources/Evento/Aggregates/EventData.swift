/// An event of a known type: its decoded payload and all its other members.
///
/// You can access the members of ``Event`` directly: `event.aggregatorID`, `event.version`, `event.timestamp`.
@dynamicMemberLookup
public struct EventData<Data: AggregateEvent>: Sendable {
  /// The decoded payload.
  public let data: Data
  /// The event as it was read.
  public let event: Event

  package init(_ event: Event, coder: any EventCoder) throws {
    self.event = event
    do {
      data = try coder.decode(Data.self, from: event.data)
    } catch {
      throw EventoError.undecodable(event, as: Data.self, error)
    }
  }

  public subscript<Member>(dynamicMember path: KeyPath<Event, Member>) -> Member { event[keyPath: path] }
}
