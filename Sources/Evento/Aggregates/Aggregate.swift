/// A kind of aggregate: something with an identity whose history is a sequence of events.
///
/// A type that is never made, only named, is enough:
///
/// ```swift
/// enum Account: Aggregate {
///   static let aggregatorType = "bank/Account"
/// }
/// ```
public protocol Aggregate {
  /// What the store calls this kind, 1 … 255 bytes, e.g. `bank/Account`.
  static var aggregatorType: String { get }
}

extension Aggregate {
  /// Begins an aggregate under a fresh id.
  public static func create() -> AggregateBuilder<Self> {
    AggregateBuilder(id: ULID().description).originalVersion(0)
  }

  /// Goes on with an aggregate.
  public static func aggregate(_ id: String) -> AggregateBuilder<Self> {
    AggregateBuilder(id: id)
  }

  /// Begins, or goes on with, the aggregate that several ids name together: see ``hashIDs(_:)``.
  public static func ids(_ ids: [String]) -> AggregateBuilder<Self> {
    AggregateBuilder(id: hashIDs(ids))
  }
}
