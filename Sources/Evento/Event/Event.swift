/// A stored event. Two are equal if all members are equal. Text is compared by its UTF-8 bytes.
public struct Event: Sendable, Equatable {
  /// The id, unique in the store.
  public let id: ULID
  package let aggregate: AggregateKey
  /// The version within the aggregate: 1, 2, 3 … without gaps, at most ``maximumVersion``.
  public let version: Int
  let exactName: Name
  private let exactRoutingKey: Name?
  public let data: Payload
  public let metadata: Metadata
  public let timestamp: Timestamp

  public init(
    id: ULID, aggregatorType: String, aggregatorID: String, version: Int, name: String, routingKey: String?,
    data: Payload, metadata: Metadata, timestamp: Timestamp
  ) {
    self.id = id
    aggregate = AggregateKey(type: aggregatorType, id: aggregatorID)
    self.version = version
    exactName = Name(checked: name)
    exactRoutingKey = routingKey.map(Name.init(checked:))
    self.data = data
    self.metadata = metadata
    self.timestamp = timestamp
  }

  /// The kind of aggregate that it belongs to, such as `bank/Account`.
  public var aggregatorType: String { aggregate.type.text }
  /// The id of the aggregate within its kind.
  public var aggregatorID: String { aggregate.id.text }
  /// The event's type, such as `MoneyDeposited`.
  public var name: String { exactName.text }
  /// The routing key, if any.
  public var routingKey: String? { exactRoutingKey?.text }

  /// The maximum version of an aggregate.
  public static let maximumVersion = 2_147_483_647
}
