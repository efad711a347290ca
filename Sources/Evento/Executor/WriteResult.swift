/// The result of a write.
public struct WriteResult: Sendable, Equatable {
  /// The stored events, in the order of the write.
  public let events: [WrittenEvent]
  /// True if all events were stored before, so that nothing was written.
  public let isResend: Bool

  public init(events: [WrittenEvent], isResend: Bool) {
    self.events = events
    self.isResend = isResend
  }
}

/// The stored values of one event of a write. Two are equal if all members are equal. Text is compared by its UTF-8
/// bytes.
public struct WrittenEvent: Sendable, Equatable {
  public let id: ULID
  package let aggregate: AggregateKey
  public let version: Int
  private let exactRoutingKey: Name?
  public let timestamp: Timestamp
  public let cursor: Cursor

  public init(
    id: ULID, aggregatorType: String, aggregatorID: String, version: Int, routingKey: String?, timestamp: Timestamp,
    cursor: Cursor
  ) {
    self.id = id
    aggregate = AggregateKey(type: aggregatorType, id: aggregatorID)
    self.version = version
    exactRoutingKey = routingKey.map(Name.init(checked:))
    self.timestamp = timestamp
    self.cursor = cursor
  }

  public var aggregatorType: String { aggregate.type.text }
  public var aggregatorID: String { aggregate.id.text }
  public var routingKey: String? { exactRoutingKey?.text }
}
