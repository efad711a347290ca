/// The result of an erasure: what that call has erased, which an earlier one had not.
public struct ErasureResult: Sendable, Hashable {
  /// The number of events, those without payload and metadata included.
  public var events: Int
  /// The number of snapshots.
  public var snapshots: Int

  public init(events: Int, snapshots: Int) {
    self.events = events
    self.snapshots = snapshots
  }

  /// The maximum number of types of snapshots in one call.
  public static let maximumSnapshotTypes = 100

  /// Checks the arguments of ``Executor/eraseAggregate(type:id:snapshotTypes:)``. An executor calls this first.
  ///
  /// - Throws: `invalid_request` if a name is invalid or there are too many types.
  public static func check(type: String, id: String, snapshotTypes types: [String]) throws {
    try Name.check(type, "aggregator_type")
    try Name.check(id, "aggregator_id")
    guard types.count <= maximumSnapshotTypes else {
      throw EventoError(
        .invalidRequest, "snapshot_types \(tooManySnapshotTypes(types.count)).")
    }
    for (index, type) in types.enumerated() { try Name.check(type, "snapshot_types[\(index)]") }
  }

  /// The error text, to follow the name of the list.
  package static func tooManySnapshotTypes(_ count: Int) -> String {
    "has \(count) types, but the limit is \(maximumSnapshotTypes)"
  }
}
