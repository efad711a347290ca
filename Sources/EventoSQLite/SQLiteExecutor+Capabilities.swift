public import Evento

extension SQLiteExecutor: ConditionalWriter {
  @discardableResult
  public func write(_ events: [NewEvent], condition: WriteCondition?) async throws -> WriteResult {
    let result = await withCheckedContinuation { continuation in
      write(events, condition: condition, unless: { false }) { continuation.resume(returning: $0) }
    }
    return try result.get()
  }
}

extension SQLiteExecutor: CallbackWriter {
  package func write(
    _ events: [NewEvent], condition: WriteCondition?, unless mustDrop: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<WriteResult, EventoError>) -> Void
  ) {
    do {
      try NewEvent.check(events)
      try condition?.check()
    } catch {
      return completion(.failure(EventoError(wrapping: error)))
    }
    let now = configuration.now
    guard let condition, let prechecks, ConditionPrecheck.isNeeded(for: condition) else {
      return writer.submit(EventWriteJob(events, condition, now: now, completion: completion))
    }
    prechecks.check(condition, unless: mustDrop) { [writer] result in
      switch result {
      case .success(let precheck):
        writer.submit(EventWriteJob(events, condition, precheck, now: now, completion: completion))
      case .failure(let error): completion(.failure(error))
      }
    }
  }
}

extension SQLiteExecutor: EventViewer {
  package func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    unless mustDrop: @escaping @Sendable () -> Bool, into builder: @escaping @Sendable () -> Builder,
    completion: @escaping @Sendable (Result<Builder.Value, EventoError>) -> Void
  ) {
    do throws(EventoError) {
      try Args.check(aggregators, routingKey, args)
    } catch {
      return completion(.failure(error))
    }
    let limits = pageLimits
    readers.perform(unless: mustDrop, completion: completion) { session in
      let reader = EventReader(
        connection: session.connection, catalog: session.catalog, limits: limits, showsContent: Builder.needsContent)
      var builder = builder()
      let info = try reader.show(aggregators, routingKey, args) { builder.add($0) }
      return builder.finish(info)
    }
  }

  package func viewEvent<Value: Sendable>(
    _ id: ULID, unless mustDrop: @escaping @Sendable () -> Bool,
    through body: @escaping @Sendable (borrowing EventView) -> Value,
    completion: @escaping @Sendable (Result<Value?, EventoError>) -> Void
  ) {
    readers.perform(unless: mustDrop, completion: completion) { session in
      try EventRow.show(id, on: session.connection, session.catalog, body)
    }
  }
}

extension SQLiteExecutor: CallbackSnapshotReader {
  package func getSnapshot(
    _ key: SnapshotKey, unless mustDrop: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<Snapshot?, EventoError>) -> Void
  ) {
    do {
      try key.check()
    } catch {
      return completion(.failure(EventoError(wrapping: error)))
    }
    readers.perform(unless: mustDrop, completion: completion) { session in
      try SnapshotTable(connection: session.connection).snapshot(key)
    }
  }
}

extension SQLiteExecutor: EventLookup {
  public func event(_ id: ULID) async throws -> Edge<Event>? {
    try await readers.perform { session in
      try EventRow.find(id, on: session.connection, session.catalog)
    }
  }
}

extension SQLiteExecutor: SubscriberDirectory {
  public func subscriber(_ key: String) async throws -> Subscriber? {
    try Subscriber.check(key: key)
    return try await readers.perform { session in try SubscriberTable(connection: session.connection).subscriber(key) }
  }

  public func subscribers(first: Int, after key: String?) async throws -> SubscriberPage {
    try SubscriberPage.check(first: first, after: key)
    return try await readers.perform { session in
      try SubscriberTable(connection: session.connection).page(first: first, after: key)
    }
  }

  @discardableResult
  public func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws -> Subscriber {
    try Subscriber.check(key: key)
    let time = configuration.now().clamped
    return try await writer.perform { session in
      try SubscriberTable(connection: session.connection).setEnabled(key, isEnabled, at: time)
    }
  }

  public func deleteSubscriber(_ key: String) async throws {
    try Subscriber.check(key: key)
    try await writer.perform { session in try SubscriberTable(connection: session.connection).delete(key) }
  }
}

extension SQLiteExecutor: SnapshotRemover {
  public func deleteSnapshot(_ key: SnapshotKey) async throws {
    try key.check()
    try await writer.perform { session in try SnapshotTable(connection: session.connection).delete(key) }
  }
}

extension SQLiteExecutor: ReadinessReporter {
  /// Reports the state of the writer's current or latest commit. If it has been idle for a second, writes to the
  /// database. So it never waits behind other writes.
  public func checkReadiness() async throws {
    let failure = await withCheckedContinuation { continuation in
      checkReadiness { continuation.resume(returning: $0) }
    }
    if let failure { throw failure }
  }
}

extension SQLiteExecutor: CallbackReadinessReporter {
  package func checkReadiness(completion: @escaping @Sendable (EventoError?) -> Void) {
    switch writer.health.verdict {
    case .well: completion(writer.health.checkpointFailure)
    case .ill(let failure): completion(failure)
    case .unknown:
      let needed = writer.health.neededBytes
      let report: @Sendable (Result<Void, EventoError>) -> Void = { [writer] result in
        if case .failure(let failure) = result {
          // The text for a failed write does not fit a probe.
          completion(writer.health.displacement ?? failure)
        } else {
          if let needed { writer.health.hasRoom(for: needed) }
          completion(writer.health.checkpointFailure)
        }
      }
      writer.perform(completion: report) { [writer] session in
        // A full disk may have room for the one page of a probe in its last block, but not for an event.
        let least = max(Self.leastFreeBytes, needed ?? 0)
        if let free = writer.freeBytes, free < least {
          throw EventoError(
            .unavailable,
            "The disk has only \(free) bytes free, but the store needs at least \(least). Free some space."
          )
        }
        // Only a write detects a quota or a limit on the size of files.
        if let needed { try session.connection.probeRoom(for: needed) }
        try session.connection.run("UPDATE store SET probe = probe + 1")
      }
    }
  }
}

extension SQLiteExecutor {
  /// The free bytes on the disk that an idle store requires to be ready.
  private static var leastFreeBytes: Int { 1 << 20 }
}

extension SQLiteExecutor: WriteMeter {
  package var writeFigures: WriteFigures {
    var figures = writer.figures
    figures.waiting += prechecks?.waiting ?? 0
    return figures
  }
}

extension SQLiteExecutor: CommitNotifier {
  /// The signal of this store. It advances before a write of this executor returns, and within a tenth of a second of a
  /// commit by another process.
  public var commits: CommitSignal { watch.signal }
}

extension SQLiteExecutor: EventFollower {
  public func events(
    matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start
  ) -> EventSequence {
    eventsByPages(matching: aggregators, routingKey: routingKey, after: start)
  }
}
