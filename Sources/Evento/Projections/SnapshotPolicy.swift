/// When and how a projection keeps snapshots.
struct SnapshotPolicy<State: Sendable>: Sendable {
  let type: String
  let interval: Int
  let encode: @Sendable (State, Int, any EventCoder) throws -> Payload
  let decode: @Sendable (Payload, any EventCoder) throws -> (state: State, version: Int)
}

/// What a snapshot's bytes are.
private struct Kept<State: Codable>: Codable {
  var version: Int
  var state: State
}

extension Projection where State: Codable {
  /// Keeps snapshots in the store, so that a load folds only what has happened since the last one. A load that can't keep
  /// one tells so in ``Loaded/snapshotFailure``.
  ///
  /// A snapshot that is no such state any more, or whose place is not of the store's history, counts as none: the
  /// state is folded from the beginning, and kept anew. A change of the state's meaning that leaves its form alone
  /// needs another ``Projection/revision(_:)``.
  ///
  /// - Parameters:
  ///   - type: what the store calls snapshots of this state, 1 … 255 bytes, e.g. `bank/AccountDetails`. Each projection
  ///     needs one of its own: two that share it would take each other's states for theirs.
  ///   - events: how many events must have been folded since the last snapshot for another one to be kept; at least 1.
  public func snapshots(as type: String, every events: Int = 1) -> Self {
    requireUse(events >= 1, "snapshots(as:every:) takes 1 or more events, not \(events)")
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
