/// An event to be written. What it leaves out, the store fills in.
public struct NewEvent: Sendable {
  /// Left out: a fresh one. Only a write whose events all carry an id can be sent again safely.
  public var id: ULID?
  public var aggregatorType: String
  public var aggregatorID: String
  /// Left out: the aggregate's next version. Given: it must be just that, or the write is a conflict.
  public var version: Int?
  public var name: String
  public var routingKey: Routing
  public var data: Payload
  public var metadata: Metadata
  /// Left out: the time of the write.
  public var timestamp: Timestamp?

  /// Which partition of the log an event goes to.
  public enum Routing: Sendable, Equatable {
    /// That of the aggregate's latest event; none for a new aggregate.
    case inherited
    /// This one, or none at all.
    case value(String?)

    /// Text is compared by its UTF-8 bytes.
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
