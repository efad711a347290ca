public import Evento
internal import Synchronization

extension SQLiteExecutor: ConditionalWriter {
  @discardableResult
  public func write(_ events: [NewEvent], condition: WriteCondition?) async throws(EventoError) -> WriteResult {
    try NewEvent.check(events)
    try condition?.check()
    let now = configuration.now
    return try await writer.perform { session in
      try EventWriter(connection: session.connection, catalog: session.catalog, now: now)
        .write(events, condition: condition, tag: session.tag)
    }
  }
}

extension SQLiteExecutor: EventLookup {
  public func event(_ id: ULID) async throws(EventoError) -> Edge<Event>? {
    try await readers.perform { session in
      try EventRow.find(id, on: session.connection, session.catalog)
    }
  }
}

extension SQLiteExecutor: SubscriberDirectory {
  public func subscriber(_ key: String) async throws(EventoError) -> Subscriber? {
    try Subscriber.check(key: key)
    return try await readers.perform { session in try SubscriberTable(connection: session.connection).subscriber(key) }
  }

  public func subscribers() async throws(EventoError) -> [Subscriber] {
    try await readers.perform { session in try SubscriberTable(connection: session.connection).all() }
  }

  @discardableResult
  public func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws(EventoError) -> Subscriber {
    try Subscriber.check(key: key)
    let time = configuration.now()
    return try await writer.perform { session in
      try SubscriberTable(connection: session.connection).setEnabled(key, isEnabled, at: time)
    }
  }

  public func deleteSubscriber(_ key: String) async throws(EventoError) {
    try Subscriber.check(key: key)
    try await writer.perform { session in try SubscriberTable(connection: session.connection).delete(key) }
  }
}

extension SQLiteExecutor: SnapshotRemover {
  public func deleteSnapshot(_ key: SnapshotKey) async throws(EventoError) {
    try key.check()
    try await writer.perform { session in try SnapshotTable(connection: session.connection).delete(key) }
  }
}

extension SQLiteExecutor: ReadinessReporter {
  /// Writes to the database, at most once a second however often it is asked.
  public func checkReadiness() async throws(EventoError) {
    let isFresh = probe.withLock { last in
      last.map { ContinuousClock.now - $0 < .seconds(1) } ?? false
    }
    guard !isFresh else { return }
    try await writer.perform { session in try session.connection.run("UPDATE store SET probe = probe + 1") }
    probe.withLock { $0 = .now }
  }
}
