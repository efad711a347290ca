/// A type of event: a value that is encoded as an event's payload, and the aggregate that it belongs to.
///
/// ```swift
/// struct MoneyDeposited: AggregateEvent {
///   typealias Aggregate = Account
///   var amount: Int
/// }
/// ```
public protocol AggregateEvent: Codable, Sendable {
  /// The kind of aggregate that it belongs to.
  associatedtype Aggregate: Evento.Aggregate

  /// The name of these events in the store, 1 to 255 bytes. The default is the name of the Swift type. It must never
  /// change once an event has been written: if you rename the type, return its old name here.
  static var eventName: String { get }
}

extension AggregateEvent {
  public static var eventName: String { String(describing: Self.self) }

  /// Returns the filter for events of this type.
  ///
  /// - Parameter id: The id of an aggregate; `nil` for every aggregate.
  package static func filter(id: String? = nil) -> ReadAggregator {
    ReadAggregator(Aggregate.aggregatorType, id: id, name: eventName)
  }
}

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

/// Encodes events and the states of projections as payloads, and decodes them.
///
/// The default is ``JSONCoder``. Payloads need not be JSON.
public protocol EventCoder: Sendable {
  /// - Throws: An error that says why the value can't be encoded.
  func encode(_ value: some Encodable) throws -> Payload

  /// - Throws: An error that says why the payload can't be decoded as this type.
  func decode<Value: Decodable>(_ type: Value.Type, from payload: Payload) throws -> Value
}
