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
  public func commit(to store: any Executor) async throws -> Commit {
    let drafts = drafts
    var placings: [AggregateDraft.Placing] = []
    for draft in drafts { placings.append(try await draft.placing(on: store)) }
    let result: WriteResult
    do {
      result = try await store.write(events(of: drafts, placings))
    } catch let error as EventoError where error.code == .invalidOriginalVersion && placings.contains(where: \.isGuess)
    {
      // Another writer has just created one of the aggregates. No version was required, so append to it.
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
      throw EventoError(.internal, "The store returned other events than those written.")
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
