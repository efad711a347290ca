/// An event of a known type: its decoded payload, and everything else that the store keeps of it.
///
/// Members of ``Event`` are reached directly: `event.aggregatorID`, `event.version`, `event.timestamp`.
@dynamicMemberLookup
public struct EventData<Data: AggregateEvent>: Sendable {
  /// The payload.
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
