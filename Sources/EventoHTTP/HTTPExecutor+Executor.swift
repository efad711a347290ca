public import Evento
internal import EventoWire

extension HTTPExecutor: Executor {
  @discardableResult
  public func write(_ events: [NewEvent]) async throws -> WriteResult {
    try await write(events, condition: nil)
  }

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
    let response = try await gateway.send(.post("/events", request.json, successes: [200, 201]))
    let written = try response.read { (body) throws(EventoError) in
      let written = try WriteResponse.events(json: body)
      guard written.count == events.count, zip(written, events).allSatisfy({ $0.id == $1.id }) else {
        throw EventoError(.internal, "The gateway's response is for other events than those sent.")
      }
      return written
    }
    // A new id was not stored before this call, so "already stored" refers to an attempt whose response was lost.
    return WriteResult(events: written, isResend: response.status == 200 && !hasFreshIDs)
  }

  public func read(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
  ) async throws -> ReadResult<Event> {
    try Args.check(aggregators, routingKey, args)
    // Always with a body, because a query can have only one filter.
    let request = ReadRequest(aggregators: aggregators, routingKey: routingKey, args: args)
    return try await gateway.send(.post("/events/query", request.json, successes: [200])).read {
      (body) throws(EventoError) in
      var decoder = EventDecoder()
      let page = try decoder.page(body)
      try page.check(asResponseTo: args)
      return page
    }
  }

  public func event(_ id: ULID) async throws -> Edge<Event>? {
    let path = ("/events" as ResourcePath).appending(id.description)
    return try await nilIfMissing(.eventNotFound) { () async throws in
      try await gateway.send(.get(path)).read(ReadResponse.edge)
    }
  }

  public func getSubscriberCursor(_ key: String) async throws -> Cursor? {
    try await subscriber(key)?.cursor
  }

  public func isSubscriberRunning(_ key: String, workerID: ULID) async throws -> Bool {
    let path = try Self.path(ofSubscriber: key).appending("workers").appending(workerID.description)
    return try await gateway.send(.get(path)).read(SubscriberResponse.isRunning)
  }

  /// If the gateway's first response was lost and the call was retried, ``SubscriberUpsert/isNew`` is `false`, because
  /// the subscriber existed by then. The retry also takes it back from a worker that took it over in between: see
  /// ``RetryPolicy``.
  @discardableResult
  public func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert {
    let path = try Self.path(ofSubscriber: key)
    let response = try await gateway.send(.put(path, UpsertRequest(workerID: workerID).json, successes: [200, 201]))
    return SubscriberUpsert(subscriber: try response.read(SubscriberResponse.subscriber), isNew: response.status == 201)
  }

  /// Without a worker, a retry can reset a cursor that has moved on in between: see ``RetryPolicy``.
  @discardableResult
  public func acknowledge(
    _ key: String, cursor: Cursor?, lag: Int, workerID: ULID?
  ) async throws -> Subscriber {
    let path = try Self.path(ofSubscriber: key).appending("cursor")
    try Subscriber.check(lag: lag)
    let request = AcknowledgeRequest(cursor: cursor, lag: lag, workerID: workerID)
    return try await gateway.send(.put(path, request.json, successes: [200])).read(SubscriberResponse.subscriber)
  }

  public func subscriber(_ key: String) async throws -> Subscriber? {
    let path = try Self.path(ofSubscriber: key)
    return try await nilIfMissing(.subscriberNotFound) { () async throws in
      try await gateway.send(.get(path)).read(SubscriberResponse.subscriber)
    }
  }

  public func subscribers(first: Int, after key: String?) async throws -> SubscriberPage {
    try SubscriberPage.check(first: first, after: key)
    let path = ("/subscribers" as ResourcePath).querying(SubscriberPageRequest(first: first, after: key).parameters)
    return try await gateway.send(.get(path)).read { (body) throws(EventoError) in
      let page = try SubscriberResponse.page(json: body)
      try page.check(asResponseTo: first, after: key)
      return page
    }
  }

  @discardableResult
  public func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws -> Subscriber {
    let request = EnableRequest(isEnabled: isEnabled)
    return try await gateway.send(.patch(Self.path(ofSubscriber: key), request.json))
      .read(SubscriberResponse.subscriber)
  }

  public func deleteSubscriber(_ key: String) async throws {
    try await delete(Self.path(ofSubscriber: key), missing: .subscriberNotFound)
  }

  public func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot? {
    let path = try Self.path(of: key)
    return try await nilIfMissing(.snapshotNotFound) { () async throws in
      try await gateway.send(.get(path)).read(SnapshotBody.snapshot(response:))
    }
  }

  public func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws {
    let path = try Self.path(of: key)
    _ = try await gateway.send(.put(path, SnapshotBody.json(snapshot, .auto), successes: [204]))
  }

  public func deleteSnapshot(_ key: SnapshotKey) async throws {
    try await delete(Self.path(of: key), missing: .snapshotNotFound)
  }

  /// If the gateway's first response was lost, or said that the bytes are still in a file, and the call was retried, the
  /// result counts only what the last attempt has erased.
  @discardableResult
  public func eraseAggregate(type: String, id: String, snapshotTypes types: [String]) async throws -> ErasureResult {
    try ErasureResult.check(type: type, id: id, snapshotTypes: types)
    let request = EraseRequest(aggregatorType: type, aggregatorID: id, snapshotTypes: types)
    return try await gateway.send(.post("/aggregators/erase", request.json, successes: [200]))
      .read(EraseResponse.result)
  }

  /// Checks once, without retries: only the current state counts.
  public func checkReadiness() async throws {
    let response = try await gateway.send(.readiness)
    guard response.status != 200 else { return }
    throw Problem.error(json: response.body)
      ?? EventoError(
        .unavailable, "The gateway is not ready: \(EventoError.excerpt(of: response.body))")
  }
}

extension HTTPExecutor {
  static func path(ofSubscriber key: String) throws -> ResourcePath {
    try Subscriber.check(key: key)
    return ("/subscribers" as ResourcePath).appending(key)
  }

  static func path(of key: SnapshotKey) throws -> ResourcePath {
    try key.check()
    return ("/snapshots" as ResourcePath).appending(key.type).appending(key.revision).appending(key.id)
  }

  /// Returns the result of a call, or `nil` if the gateway reports by `code` that it does not exist.
  func nilIfMissing<Value>(
    _ code: EventoError.Code, _ call: () async throws -> Value
  ) async throws -> Value? {
    do {
      return try await call()
    } catch let error as EventoError where error.code == code {
      return nil
    }
  }

  /// Deletes a resource. If an earlier attempt was sent and its response lost, "not found" means that it was deleted.
  func delete(_ path: ResourcePath, missing code: EventoError.Code) async throws {
    do throws(GatewayClient.Failure) {
      _ = try await gateway.perform(.delete(path))
    } catch {
      guard error.mayHaveBeenDone, error.error.code == code else { throw error.error }
    }
  }
}

extension ReadResult {
  /// Checks what a reader of consecutive pages relies on: that no page is longer than requested, and that there is
  /// always a position to continue from, which an empty page with `hasNextPage` would not have.
  ///
  /// - Throws: An error if it does not hold.
  fileprivate func check(asResponseTo args: Args) throws(EventoError) {
    let (count, hasMore, next) =
      switch args {
      case .forward(let first, _): (first, pageInfo.hasNextPage, pageInfo.endCursor)
      case .backward(let last, _): (last, pageInfo.hasPreviousPage, pageInfo.startCursor)
      }
    guard edges.count <= count else {
      throw EventoError(.internal, "The gateway sent \(edges.count) events, but the page is limited to \(count).")
    }
    guard !hasMore || count == 0 || (!edges.isEmpty && next != nil) else {
      throw EventoError(.internal, "The gateway sent a page that has more events, but no cursor to continue from.")
    }
  }
}
