/// An event as the store keeps it.
public struct Event: Sendable, Equatable {
  /// Unique in the store.
  public let id: ULID
  /// What kind of aggregate it belongs to, e.g. `bank/Account`.
  public let aggregatorType: String
  /// Which aggregate of that kind.
  public let aggregatorID: String
  /// 1, 2, 3 … within the aggregate, without gaps; at most ``maximumVersion``.
  public let version: Int
  /// The event's type, e.g. `MoneyDeposited`.
  public let name: String
  /// The partition of the log that it stands in, if any.
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

  /// The last version that an aggregate can reach.
  public static let maximumVersion = 2_147_483_647

  /// Equal in every member, text by its UTF-8 bytes.
  public static func == (left: Event, right: Event) -> Bool {
    left.id == right.id && left.version == right.version && left.timestamp == right.timestamp
      && left.aggregatorType.isExactly(right.aggregatorType) && left.aggregatorID.isExactly(right.aggregatorID)
      && left.name.isExactly(right.name) && left.routingKey.isExactly(right.routingKey)
      && left.data.bytes == right.data.bytes && left.metadata == right.metadata
  }
}
