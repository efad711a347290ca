extension AggregateBuilder {
  /// Writes the events: all of them, or none.
  ///
  /// The same builder can be committed again, where it is not known whether it was written:
  ///
  /// ```swift
  /// do {
  ///   try await decision.commit(to: store)
  /// } catch let error as EventoError where error.isPassing {
  ///   try await decision.commit(to: store)
  /// }
  /// ```
  ///
  /// - Returns: where the aggregate stands now; of a builder that was written before, where it stood then.
  /// - Throws: `missing_data` where there is no event, or none of one of the aggregates;
  ///   `invalid_original_version` where ``originalVersion(_:)`` is not its version any more; `duplicate_event_id` where
  ///   some of the events were written before, and others were not; `unencodable_payload`; what ``Executor/write(_:)``
  ///   throws.
  @discardableResult
  public func commit(to store: any Executor) async throws -> Commit {
    let drafts = drafts
    var placings: [AggregateDraft.Placing] = []
    for draft in drafts { placings.append(try await draft.placing(on: store)) }
    let result: WriteResult
    do {
      result = try await store.write(events(of: drafts, placings))
    } catch let error as EventoError where error.code == .invalidOriginalVersion && placings.contains(where: \.isGuess)
    {
      // Somebody began one of the aggregates just now. Nobody asked for a version there: go on behind it.
      placings = zip(drafts, placings).map { $1.isGuess ? $0.appending : $1 }
      do {
        result = try await store.write(events(of: drafts, placings))
      } catch {
        throw EventoError(wrapping: error).countedAsGiven(drafts)
      }
    } catch {
      throw EventoError(wrapping: error).countedAsGiven(drafts)
    }
    let own = result.events.prefix(draft.events.count)
    guard result.events.count == drafts.reduce(0, { $0 + $1.events.count }), let last = own.last else {
      throw EventoError(.internal, "The store answered a write of other events than were given.")
    }
    return Commit(id: draft.id, version: last.version, cursor: last.cursor, events: result.events)
  }

  private func events(
    of drafts: [AggregateDraft], _ placings: [AggregateDraft.Placing]
  ) throws -> [NewEvent] {
    var events: [NewEvent] = []
    for (draft, placing) in zip(drafts, placings) { events += try draft.newEvents(placing) }
    return events
  }
}

extension EventoError {
  /// Tells a version conflict as ``AggregateBuilder/originalVersion(_:)`` counts: a store counts the events' own versions.
  fileprivate func countedAsGiven(_ drafts: [AggregateDraft]) -> EventoError {
    guard code == .invalidOriginalVersion, case .versionConflict(let type, let id, _, let current) = facts,
      let draft = drafts.first(where: { $0.type.isExactly(type) && $0.id.isExactly(id) }),
      let given = draft.originalVersion
    else { return self }
    let expected = given == 0 ? "to have no events" : "at version \(given)"
    let found = current == 0 ? "has no events" : "is at \(given == 0 ? "version " : "")\(current)"
    return EventoError(
      code, "Expected \(type) \"\(id)\" \(expected), but it \(found). Reload it and retry.",
      facts: facts, cause: cause, isPassing: isPassing)
  }
}
