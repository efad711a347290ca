/// An event to write. The store assigns the members that are absent.
public struct NewEvent: Sendable {
  /// The id; `nil` to assign a fresh one. A write can be retried safely only if all its events have an id.
  public var id: ULID?
  public var aggregatorType: String
  public var aggregatorID: String
  /// The version; `nil` for the aggregate's next one. Any other version is a conflict.
  public var version: Int?
  public var name: String
  public var routingKey: Routing
  public var data: Payload
  public var metadata: Metadata
  /// The time; `nil` for the time of the write.
  public var timestamp: Timestamp?
  /// True for a copy of an event whose content was erased: it is stored as erased.
  package var isErased = false

  /// The routing key of a new event.
  public enum Routing: Sendable, Equatable {
    /// The routing key of the aggregate's latest event; none for a new aggregate.
    case inherited
    /// This routing key, or none.
    case value(String?)

    /// Compares text by its UTF-8 bytes.
    public static func == (left: Routing, right: Routing) -> Bool {
      switch (left, right) {
      case (.inherited, .inherited): true
      case (.value(let left), .value(let right)): left.isExactly(right)
      default: false
      }
    }
  }

  public init(
    id: ULID? = nil, aggregatorType: String, aggregatorID: String, version: Int? = nil, name: String,
    routingKey: Routing = .inherited, data: Payload = Payload(), metadata: Metadata = Metadata(),
    timestamp: Timestamp? = nil
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
}
