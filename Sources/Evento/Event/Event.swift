/// A stored event.
public struct Event: Sendable, Equatable {
  /// The id, unique in the store.
  public let id: ULID
  /// The kind of aggregate that it belongs to, such as `bank/Account`.
  public let aggregatorType: String
  /// The id of the aggregate within its kind.
  public let aggregatorID: String
  /// The version within the aggregate: 1, 2, 3 … without gaps, at most ``maximumVersion``.
  public let version: Int
  /// The event's type, such as `MoneyDeposited`.
  public let name: String
  /// The routing key, if any.
  public let routingKey: String?
  public let data: Payload
  public let metadata: Metadata
  public let timestamp: Timestamp

  public init(
    id: ULID, aggregatorType: String, aggregatorID: String, version: Int, name: String, routingKey: String?,
    data: Payload, metadata: Metadata, timestamp: Timestamp
  ) {
    self.id = id
    self.aggregatorType = aggregatorType
    self.aggregatorID = aggregatorID
    self.version = version
    self.name = name
    self.routingKey = routingKey
    self.data = data
    self.metadata = metadata
    self.timestamp = timestamp
  }

  /// The maximum version of an aggregate.
  public static let maximumVersion = 2_147_483_647

  /// Returns whether all members are equal; text is compared by its UTF-8 bytes.
  public static func == (left: Event, right: Event) -> Bool {
    left.id == right.id && left.version == right.version && left.timestamp == right.timestamp
      && left.aggregatorType.isExactly(right.aggregatorType) && left.aggregatorID.isExactly(right.aggregatorID)
      && left.name.isExactly(right.name) && left.routingKey.isExactly(right.routingKey)
      && left.data.bytes == right.data.bytes && left.metadata == right.metadata
  }
}
