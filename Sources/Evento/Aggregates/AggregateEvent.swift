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
