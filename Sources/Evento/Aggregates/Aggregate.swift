internal import ByteCoding

/// A kind of aggregate: something with an identity whose history is a sequence of events.
///
/// A type without instances is enough:
///
/// ```swift
/// enum Account: Aggregate {
///   static let aggregatorType = "bank/Account"
/// }
/// ```
public protocol Aggregate {
  /// The name of this kind in the store, 1 to 255 bytes, such as `bank/Account`.
  static var aggregatorType: String { get }
}

extension Aggregate {
  /// Returns a builder for a new aggregate with a fresh id.
  public static func create() -> AggregateBuilder<Self> {
    AggregateBuilder(id: ULID().description).originalVersion(0)
  }

  /// Returns a builder for an existing aggregate.
  public static func aggregate(_ id: String) -> AggregateBuilder<Self> {
    AggregateBuilder(id: id)
  }

  /// Returns a builder for the aggregate that several ids identify together: see ``hashIDs(_:)``.
  public static func ids(_ ids: [String]) -> AggregateBuilder<Self> {
    AggregateBuilder(id: hashIDs(ids))
  }
}

extension Executor {
  /// Returns whether the aggregate has an event of this type.
  ///
  /// - Throws: The errors of ``read(_:routingKey:args:)``.
  public func hasEvent<Data: AggregateEvent>(_ type: Data.Type, _ id: String) async throws -> Bool {
    let page = try await read([Data.filter(id: id)], routingKey: .all, args: .backward(last: 1))
    return !page.edges.isEmpty
  }

  /// Returns the current version of an aggregate, or `nil` if it does not exist.
  ///
  /// - Throws: The errors of ``read(_:routingKey:args:)``.
  public func version<Kind: Aggregate>(of kind: Kind.Type, _ id: String) async throws -> Int? {
    let page = try await read(
      [ReadAggregator(Kind.aggregatorType, id: id)], routingKey: .all, args: .backward(last: 1))
    return page.edges.last?.node.version
  }
}

/// Returns one id for several: always the same for the same ids in the same order.
///
/// The result has 64 lower-case hexadecimal digits: a SHA3-256 over each id's length in bytes (64 bits, big-endian) and
/// its UTF-8 bytes, so that different lists have different ids. `hash_ids` of the Rust crate `evento` returns the same.
///
/// - Complexity: O(*n*) in the total length of the ids.
public func hashIDs(_ ids: [String]) -> String {
  var hash = SHA3()
  for id in ids {
    hash.update(withUnsafeBytes(of: UInt64(id.utf8.count).bigEndian) { Array($0) })
    hash.update(id.utf8)
  }
  return Hex.encode(hash.finalize())
}
