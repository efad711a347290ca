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
/// builder again resends the same write: the store recognizes the ids, returns the first result, and writes nothing. If
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

  /// Sets the coder for the payloads of this aggregate's events; the default is ``JSONCoder``. The store recognizes a
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

extension AggregateBuilder {
  /// Commits the events: either all of them or none.
  ///
  /// You can commit the same builder again if you don't know whether the first attempt succeeded:
  ///
  /// ```swift
  /// do {
  ///   try await decision.commit(to: store)
  /// } catch let error as EventoError where error.isTransient {
  ///   try await decision.commit(to: store)
  /// }
  /// ```
  ///
  /// - Returns: The version of the aggregate. If this builder was committed before, the version that it reached then.
  /// - Throws: `missing_data` if one of the aggregates has no events; `invalid_original_version` if
  ///   ``originalVersion(_:)`` is no longer the aggregate's version; `duplicate_event_id` if only some of the events
  ///   were written before; `unencodable_payload`; the errors of ``Executor/write(_:)``.
  @discardableResult
  public func commit(to store: any Executor) async throws -> CommitResult {
    let drafts = drafts
    var targets: [AggregateDraft.Target] = []
    for draft in drafts { targets.append(try await draft.target(in: store)) }
    let result: WriteResult
    do {
      result = try await store.write(events(of: drafts, targets))
    } catch let error as EventoError where error.code == .invalidOriginalVersion && targets.contains(where: \.isGuess) {
      // Another writer has just created one of the aggregates. No version was required, so append to it.
      targets = zip(drafts, targets).map { $1.isGuess ? $0.appending : $1 }
      do {
        result = try await store.write(events(of: drafts, targets))
      } catch {
        throw EventoError(wrapping: error).countedAsGiven(drafts)
      }
    } catch {
      throw EventoError(wrapping: error).countedAsGiven(drafts)
    }
    let own = result.events.prefix(draft.events.count)
    guard result.events.count == drafts.reduce(0, { $0 + $1.events.count }), let last = own.last else {
      throw EventoError(.internal, "The store returned other events than those written.")
    }
    return CommitResult(id: draft.id, version: last.version, cursor: last.cursor, events: result.events)
  }

  private func events(
    of drafts: [AggregateDraft], _ targets: [AggregateDraft.Target]
  ) throws -> [NewEvent] {
    var events: [NewEvent] = []
    for (draft, target) in zip(drafts, targets) { events += try draft.newEvents(target) }
    return events
  }
}

extension EventoError {
  /// Converts a version conflict to original versions, which ``AggregateBuilder/originalVersion(_:)`` counts. A store
  /// counts the versions of the events.
  fileprivate func countedAsGiven(_ drafts: [AggregateDraft]) -> EventoError {
    guard code == .invalidOriginalVersion, case .versionConflict(let type, let id, _, let current) = facts,
      let draft = drafts.first(where: { $0.type.isExactly(type) && $0.id.isExactly(id) }),
      let given = draft.originalVersion
    else { return self }
    let expected = given == 0 ? "to have no events" : "at version \(given)"
    let found = current == 0 ? "has no events" : "is at \(given == 0 ? "version " : "")\(current)"
    return EventoError(
      code, "Expected \(type) \"\(id)\" \(expected), but it \(found). Reload it and retry.",
      facts: facts, cause: cause, isTransient: isTransient)
  }
}

/// The result of a commit.
public struct CommitResult: Sendable, Equatable {
  /// The aggregate's id.
  public let id: String
  /// The aggregate's version after the commit: the original version of the next one.
  public let version: Int
  /// The position of its last event.
  public let cursor: Cursor
  /// The stored events in order, those of ``AggregateBuilder/and(_:)`` after the aggregate's own.
  public let events: [WrittenEvent]
}
