/// Gathers events of one aggregate, and what is to be known about them, and commits them at once.
///
/// ```swift
/// let account = try await Account.create()
///   .event(AccountOpened(owner: "Ada"))
///   .event(MoneyDeposited(amount: 100))
///   .routingKey("eu")
///   .requestedBy("teller-7")
///   .commit(to: store)
///
/// try await Account.aggregate(account.id)
///   .originalVersion(account.version)
///   .event(MoneyWithdrawn(amount: 30))
///   .commit(to: store)
/// ```
///
/// A builder is a value: each call gives a new one. An event gets its id when it is added, so that a builder that is
/// committed again is the same write sent again: the store knows it by the ids, answers as it did the first time, and
/// writes nothing. Where a commit ends with `unavailable`, and nobody knows whether it was done, commit the same builder
/// again. To write the same events a second time, add them to another builder.
public struct AggregateBuilder<Kind: Aggregate>: Sendable {
  var draft: AggregateDraft
  /// Drafts of other aggregates that are committed in the same write.
  var others: [AggregateDraft] = []

  /// Goes on with an aggregate, or begins it. Most code says `Account.create()` or `Account.aggregate(id)` instead.
  public init(id: String) {
    draft = AggregateDraft(type: Kind.aggregatorType, id: id)
  }

  /// The aggregate's id.
  public var id: String { draft.id }

  /// Adds an event. It is this one event wherever the builder goes: committed a second time beside events that are new,
  /// it makes the write a `duplicate_event_id`.
  public func event<Data: AggregateEvent>(_ data: Data) -> Self where Data.Aggregate == Kind {
    with { builder in
      builder.draft.events.append(
        AggregateDraft.Event(name: Data.eventName) { coder throws in
          do {
            return try coder.encode(data)
          } catch {
            throw EventoError.unencodable(Data.self, error)
          }
        })
    }
  }

  /// The version that the aggregate had when this commit was decided; 0: it was not there. The commit fails with
  /// `invalid_original_version` unless it still has it.
  ///
  /// Left out, the events are appended whatever has happened since; `create()` says 0 by itself.
  public func originalVersion(_ version: Int) -> Self {
    with { $0.draft.originalVersion = version }
  }

  /// The partition of the log that a new aggregate goes to; `nil`: none. Said twice, the first one counts.
  ///
  /// An aggregate that is there already keeps the one that its first event gave it, whatever is said here.
  public func routingKey(_ key: String?) -> Self {
    with { if $0.draft.routingKey == .inherited { $0.draft.routingKey = .value(key) } }
  }

  /// Adds a member to the metadata of each event of this commit, in place of an earlier one of that name. Events of
  /// another builder, which ``and(_:)`` has added or will add, get it too, unless that builder has a member of that name
  /// itself.
  ///
  /// - Parameter value: coded as JSON, whatever codes the payloads.
  public func metadata(_ name: String, _ value: some Encodable & Sendable) -> Self {
    with { $0.draft.metadata.set(name) { try JSONCoder().encode(value).bytes } }
  }

  /// Sets the metadata of each event of this commit, in place of all that was said before. Events of another builder
  /// get those of its members that they have not themselves.
  public func metadata(_ metadata: Metadata) -> Self {
    with { $0.draft.metadata = MetadataDraft(metadata) }
  }

  /// Who asked for it: the metadata's `requested_by`.
  public func requestedBy(_ who: String) -> Self {
    metadata(Metadata.requestedByName, who)
  }

  /// As whom, or in which role, they asked for it: the metadata's `requested_as`.
  public func requestedAs(_ whom: String) -> Self {
    metadata(Metadata.requestedAsName, whom)
  }

  /// What codes the payloads of this aggregate's events; ``JSONCoder`` where nothing is said. A commit that is sent again
  /// is known only where it makes the same bytes of the same value each time.
  public func coder(_ coder: some EventCoder) -> Self {
    with { $0.draft.coder = coder }
  }

  /// Commits the events of another aggregate in the same write: both happen, or neither does.
  public func and(_ other: AggregateBuilder<some Aggregate>) -> Self {
    with { $0.others += other.drafts }
  }

  /// All that is written, with the metadata that it gets.
  var drafts: [AggregateDraft] {
    [draft] + others.map { $0.under(draft.metadata) }
  }

  private func with(_ change: (inout Self) -> Void) -> Self {
    var copy = self
    change(&copy)
    return copy
  }
}
