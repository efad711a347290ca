/// The rule by which a projection saves snapshots.
struct SnapshotPolicy<State: Sendable>: Sendable {
  let type: String
  let interval: Int
  let encode: @Sendable (State, Int, any EventCoder) throws -> Payload
  let decode: @Sendable (Payload, any EventCoder) throws -> (state: State, version: Int)
}

/// The content of a snapshot.
private struct Kept<State: Codable>: Codable {
  var version: Int
  var state: State
}

extension Projection where State: Codable {
  /// Saves snapshots in the store, so that a load folds only the events since the last one. If a load can't save a
  /// snapshot, ``LoadedAggregate/snapshotFailure`` says why.
  ///
  /// A snapshot is ignored if it can't be decoded, or if its position is not in the store's history: the state is
  /// folded from the beginning, and saved again. If the meaning of the state changes but not its form, set another
  /// ``Projection/revision(_:)``.
  ///
  /// - Parameters:
  ///   - type: The name of these snapshots in the store, 1 to 255 bytes, such as `bank/AccountDetails`. Each projection
  ///     needs its own: two with the same name would load each other's states.
  ///   - events: The number of events that must be folded since the last snapshot before another one is saved; at least
  ///     1.
  public func snapshots(as type: String, every events: Int = 1) -> Self {
    requireUse(events >= 1, "snapshots(as:every:) requires at least 1 event, but got \(events)")
    return with {
      $0.snapshots = SnapshotPolicy(
        type: type, interval: events,
        encode: { state, version, coder in try coder.encode(Kept(version: version, state: state)) },
        decode: { payload, coder in
          let kept = try coder.decode(Kept<State>.self, from: payload)
          return (kept.state, kept.version)
        })
    }
  }
}
