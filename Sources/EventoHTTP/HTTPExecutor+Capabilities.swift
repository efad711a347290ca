public import Evento
internal import EventoWire

extension HTTPExecutor: ConditionalWriter {
  /// Writes events. An event without an id gets one before it is sent, so that the write can be retried.
  @discardableResult
  public func write(_ events: [NewEvent], condition: WriteCondition?) async throws -> WriteResult {
    try NewEvent.check(events)
    try condition?.check()
    var events = events
    var hasFreshIDs = false
    for index in events.indices where events[index].id == nil {
      events[index].id = ULID()
      hasFreshIDs = true
    }
    let request = WriteRequest(events: events, condition: condition)
    let answer = try await gateway.send(.post("/events", request.json, successes: [200, 201]))
    let written = try answer.read { (body) throws(EventoError) in
      let written = try WriteAnswer.events(json: body)
      guard written.count == events.count, zip(written, events).allSatisfy({ $0.id == $1.id }) else {
        throw EventoError(.internal, "The gateway's response is for other events than those sent.")
      }
      return written
    }
    // A new id was not stored before this call, so "already stored" refers to an attempt whose response was lost.
    return WriteResult(events: written, isResend: answer.status == 200 && !hasFreshIDs)
  }
}

extension HTTPExecutor: EventLookup {
  public func event(_ id: ULID) async throws -> Edge<Event>? {
    let path = ("/events" as ResourcePath).appending(id.description)
    return try await nilWhereMissing(.eventNotFound) { () async throws in
      try await gateway.send(.get(path)).read(Page.edge)
    }
  }
}

extension HTTPExecutor: SubscriberDirectory {
  public func subscriber(_ key: String) async throws -> Subscriber? {
    let path = try Self.path(ofSubscriber: key)
    return try await nilWhereMissing(.subscriberNotFound) { () async throws in
      try await gateway.send(.get(path)).read(SubscriberAnswer.subscriber)
    }
  }

  public func subscribers(first: Int, after key: String?) async throws -> SubscriberPage {
    try SubscriberPage.check(first: first, after: key)
    let path = ("/subscribers" as ResourcePath).querying(SubscriberPageRequest(first: first, after: key).parameters)
    return try await gateway.send(.get(path)).read { (body) throws(EventoError) in
      let page = try SubscriberAnswer.page(json: body)
      try page.check(asAnswerTo: first, after: key)
      return page
    }
  }

  @discardableResult
  public func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws -> Subscriber {
    let request = EnableRequest(isEnabled: isEnabled)
    return try await gateway.send(.patch(Self.path(ofSubscriber: key), request.json))
      .read(SubscriberAnswer.subscriber)
  }

  public func deleteSubscriber(_ key: String) async throws {
    try await delete(Self.path(ofSubscriber: key), missing: .subscriberNotFound)
  }
}

extension HTTPExecutor: SnapshotRemover {
  public func deleteSnapshot(_ key: SnapshotKey) async throws {
    try await delete(Self.path(of: key), missing: .snapshotNotFound)
  }
}

extension HTTPExecutor: ReadinessReporter {
  /// Checks once, without retries: only the current state counts.
  public func checkReadiness() async throws {
    let answer = try await gateway.send(.readiness)
    guard answer.status != 200 else { return }
    throw Problem.error(json: answer.body)
      ?? EventoError(
        .unavailable, "The gateway is not ready: \(EventoError.excerpt(of: answer.body))")
  }
}
