/// The state that a projection has loaded. You can access its members directly, as in `account.balance`. A member with
/// the name of one of this type is accessible through ``state``.
@dynamicMemberLookup
public struct Loaded<Kind: Aggregate, State: Sendable>: Sendable {
  /// The aggregate's id.
  public let id: String
  public let state: State
  /// The aggregate's version, counting all its events; 0 if it has none and the state is of other aggregates only.
  public let version: Int
  /// The position up to which the log was read.
  public let cursor: Cursor
  /// The error with which a due snapshot could not be saved, for example to log it: the store refused it (a read-only
  /// token, a full disk), or the state can't be encoded. `nil` if it was saved, or none was due.
  ///
  /// The state is correct nevertheless. The next load folds the same events again.
  public internal(set) var snapshotFailure: EventoError?

  /// Returns a builder for the loaded version: the commit fails with `invalid_original_version` if the aggregate has
  /// changed since.
  public func aggregate() -> AggregateBuilder<Kind> {
    AggregateBuilder(id: id).originalVersion(version)
  }

  public subscript<Member>(dynamicMember path: KeyPath<State, Member>) -> Member { state[keyPath: path] }
}

extension Loaded: Equatable where State: Equatable {}
