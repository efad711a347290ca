/// A type of event: a value that is coded into an event's payload, and that names the aggregate it happens to.
///
/// ```swift
/// struct MoneyDeposited: AggregateEvent {
///   typealias Aggregate = Account
///   var amount: Int
/// }
/// ```
public protocol AggregateEvent: Codable, Sendable {
  /// The kind of aggregate that it happens to.
  associatedtype Aggregate: Evento.Aggregate

  /// What the store calls events of this type, 1 … 255 bytes; the Swift type's own name, where a type says nothing
  /// else. What has been written once must stay: a type that is renamed has to say its old name here.
  static var eventName: String { get }
}

extension AggregateEvent {
  public static var eventName: String { String(describing: Self.self) }

  /// The filter that reads the events of this type.
  ///
  /// - Parameter id: of the aggregate; left out: those of every aggregate.
  package static func filter(id: String? = nil) -> ReadAggregator {
    ReadAggregator(Aggregate.aggregatorType, id: id, name: eventName)
  }
}
