/// Collects events of one aggregate with their metadata, and commits them at once.
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
/// A builder is a value: each method returns a new one. An event gets its id when it is added, so committing the same
/// builder again resends the same write: the store recognises the ids, returns the first result, and writes nothing. If
/// a commit fails with `unavailable`, it may or may not have been done: commit the same builder again. To write the
/// same events a second time, add them to another builder.
public struct AggregateBuilder<Kind: Aggregate>: Sendable {
  var draft: AggregateDraft
  /// Drafts of the other aggregates in the same write.
  var others: [AggregateDraft] = []

  /// Creates a builder for an aggregate, which may be new. Most code calls `Account.create()` or
  /// `Account.aggregate(id)` instead.
  public init(id: String) {
    draft = AggregateDraft(type: Kind.aggregatorType, id: id)
  }

  /// The aggregate's id.
  public var id: String { draft.id }

  /// Adds an event. It keeps its id wherever the builder is copied: committing it a second time together with new
  /// events fails with `duplicate_event_id`.
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

  /// Sets the version on which this commit was decided, 0 for a new aggregate. The commit fails with
  /// `invalid_original_version` unless the aggregate still has that version.
  ///
  /// Without it, the events are appended to any version. `create()` sets it to 0.
  public func originalVersion(_ version: Int) -> Self {
    with { $0.draft.originalVersion = version }
  }

  /// Sets the routing key of a new aggregate, `nil` for none. If called more than once, the first value wins.
  ///
  /// An existing aggregate keeps the routing key of its first event.
  public func routingKey(_ key: String?) -> Self {
    with { if $0.draft.routingKey == .inherited { $0.draft.routingKey = .value(key) } }
  }

  /// Adds a member to the metadata of each event in this commit, and replaces an earlier one of that name. Events of
  /// another builder added with ``and(_:)`` get it too, unless that builder sets a member of that name.
  ///
  /// - Parameter value: Encoded as JSON, regardless of the coder for payloads.
  public func metadata(_ name: String, _ value: some Encodable & Sendable) -> Self {
    with { $0.draft.metadata.set(name) { try JSONCoder().encode(value).bytes } }
  }

  /// Sets the metadata of each event in this commit, and replaces all metadata set before. Events of another builder
  /// get the members that they don't have.
  public func metadata(_ metadata: Metadata) -> Self {
    with { $0.draft.metadata = MetadataDraft(metadata) }
  }

  /// Sets the metadata's `requested_by`: who requested this commit.
  public func requestedBy(_ who: String) -> Self {
    metadata(Metadata.requestedByName, who)
  }

  /// Sets the metadata's `requested_as`: in which role they requested it.
  public func requestedAs(_ whom: String) -> Self {
    metadata(Metadata.requestedAsName, whom)
  }

  /// Sets the coder for the payloads of this aggregate's events; the default is ``JSONCoder``. The store recognises a
  /// repeated commit only if the coder turns the same value into the same bytes each time.
  public func coder(_ coder: some EventCoder) -> Self {
    with { $0.draft.coder = coder }
  }

  /// Adds the events of another aggregate to the same write: either both are committed or neither is.
  public func and(_ other: AggregateBuilder<some Aggregate>) -> Self {
    with { $0.others += other.drafts }
  }

  /// All aggregates of the write, with their metadata.
  var drafts: [AggregateDraft] {
    [draft] + others.map { $0.under(draft.metadata) }
  }

  private func with(_ change: (inout Self) -> Void) -> Self {
    var copy = self
    change(&copy)
    return copy
  }
}
