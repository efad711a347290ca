/// A state as a projection has loaded it. Its members are reached directly, `account.balance`; one that is named as a
/// member of this type is, through ``state``.
@dynamicMemberLookup
public struct Loaded<Kind: Aggregate, State: Sendable>: Sendable {
  /// The aggregate's id.
  public let id: String
  public let state: State
  /// The aggregate's version, every event of it counted; 0 where it has none, and the state is of others alone.
  public let version: Int
  /// The place up to which the log was read.
  public let cursor: Cursor
  /// Why a snapshot that was due could not be kept, for a log say: the store refused it (a token that may only read, a
  /// disk that is full), or the state can't be encoded. `nil` where it was kept, or none was due.
  ///
  /// The state is right all the same; the next load folds the same events again.
  public internal(set) var snapshotFailure: EventoError?

  /// Goes on with the aggregate from the version that was loaded: the commit fails with `invalid_original_version`
  /// where something has happened to it since.
  public func aggregate() -> AggregateBuilder<Kind> {
    AggregateBuilder(id: id).originalVersion(version)
  }

  public subscript<Member>(dynamicMember path: KeyPath<State, Member>) -> Member { state[keyPath: path] }
}

extension Loaded: Equatable where State: Equatable {}
