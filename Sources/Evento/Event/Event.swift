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
  /// True if its content was erased (``Executor/eraseAggregate(type:id:snapshotTypes:)``). Then ``data`` has no bytes,
  /// and ``metadata`` no members.
  public let isErased: Bool

  /// - Parameter isErased: True for an event without content, whatever `data` and `metadata` are.
  public init(
    id: ULID, aggregatorType: String, aggregatorID: String, version: Int, name: String, routingKey: String?,
    data: Payload, metadata: Metadata, timestamp: Timestamp, isErased: Bool = false
  ) {
    self.id = id
    aggregate = AggregateKey(type: aggregatorType, id: aggregatorID)
    self.version = version
    exactName = Name(checked: name)
    exactRoutingKey = routingKey.map(Name.init(checked:))
    self.data = isErased ? Payload(bytes: [], isJSON: false) : data
    self.metadata = isErased ? Metadata() : metadata
    self.timestamp = timestamp
    self.isErased = isErased
  }

  /// The event as it is once its content has been erased.
  package var erased: Event {
    Event(
      id: id, aggregatorType: aggregatorType, aggregatorID: aggregatorID, version: version, name: name,
      routingKey: routingKey, data: data, metadata: metadata, timestamp: timestamp, isErased: true)
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
