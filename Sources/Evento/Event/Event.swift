/// An event as the store keeps it. Two are equal if all members are, text by its UTF-8 bytes.
public struct Event: Sendable, Equatable {
  /// The id, unique in the store.
  public let id: ULID
  package let aggregate: AggregateKey
  /// 1, 2, 3 … within the aggregate, without gaps; at most ``maximumVersion``.
  public let version: Int
  package let eventType: Name
  package let partition: Name?
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
    eventType = Name(checked: name)
    partition = routingKey.map(Name.init(checked:))
    self.data = data
    self.metadata = metadata
    self.timestamp = timestamp
  }

  /// What kind of aggregate it belongs to, e.g. `bank/Account`.
  public var aggregatorType: String { aggregate.type.text }
  /// Which aggregate of that kind.
  public var aggregatorID: String { aggregate.id.text }
  /// The event's type, e.g. `MoneyDeposited`.
  public var name: String { eventType.text }
  /// The partition of the log that it stands in, if any.
  public var routingKey: String? { partition?.text }

  /// The last version that an aggregate can reach.
  public static let maximumVersion = 2_147_483_647
}
