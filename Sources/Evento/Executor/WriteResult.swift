/// What a write stored.
public struct WriteResult: Sendable, Equatable {
  /// In the order of the write.
  public let events: [WrittenEvent]
  /// Whether all of it was stored before, so that nothing was written.
  public let isResend: Bool

  public init(events: [WrittenEvent], isResend: Bool) {
    self.events = events
    self.isResend = isResend
  }
}

/// What the store made of one event of a write.
public struct WrittenEvent: Sendable, Equatable {
  public let id: ULID
  public let aggregatorType: String
  public let aggregatorID: String
  public let version: Int
  public let routingKey: String?
  public let timestamp: Timestamp
  public let cursor: Cursor

  public init(
    id: ULID, aggregatorType: String, aggregatorID: String, version: Int, routingKey: String?, timestamp: Timestamp,
    cursor: Cursor
  ) {
    self.id = id
    self.aggregatorType = aggregatorType
    self.aggregatorID = aggregatorID
    self.version = version
    self.routingKey = routingKey
    self.timestamp = timestamp
    self.cursor = cursor
  }

  /// Equal in every member, text by its UTF-8 bytes.
  public static func == (left: WrittenEvent, right: WrittenEvent) -> Bool {
    left.id == right.id && left.version == right.version && left.timestamp == right.timestamp
      && left.cursor == right.cursor && left.aggregatorType.isExactly(right.aggregatorType)
      && left.aggregatorID.isExactly(right.aggregatorID) && left.routingKey.isExactly(right.routingKey)
  }
}
