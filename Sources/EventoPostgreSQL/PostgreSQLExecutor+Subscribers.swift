public import Evento

extension PostgreSQLExecutor {
  public func getSubscriberCursor(_ key: String) async throws -> Cursor? {
    try await subscriber(key)?.cursor
  }

  public func isSubscriberRunning(_ key: String, workerID: ULID) async throws -> Bool {
    guard let subscriber = try await subscriber(key) else { return false }
    return subscriber.workerID == workerID && subscriber.isEnabled
  }

  public func subscriber(_ key: String) async throws -> Subscriber? {
    try Subscriber.check(key: key)
    return try await connections.perform(.lookUp) { session, _ in
      try SubscriberTable(connection: session.connection).subscriber(key)
    }
  }

  public func subscribers(first: Int, after key: String?) async throws -> SubscriberPage {
    try SubscriberPage.check(first: first, after: key)
    return try await connections.perform(.readPage) { session, _ in
      try SubscriberTable(connection: session.connection).page(first: first, after: key)
    }
  }

  @discardableResult
  public func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert {
    try Subscriber.check(key: key)
    let time = configuration.now().clamped
    return try await connections.perform(.change) { session, _ in
      try SubscriberTable(connection: session.connection).upsert(key, worker: workerID, at: time)
    }
  }

  @discardableResult
  public func acknowledge(_ key: String, cursor: Cursor?, lag: Int, workerID: ULID?) async throws -> Subscriber {
    try Subscriber.check(key: key)
    try Subscriber.check(lag: lag)
    let time = configuration.now().clamped
    return try await connections.perform(.change) { session, _ in
      try SubscriberTable(connection: session.connection)
        .acknowledge(key, cursor: cursor, lag: lag, worker: workerID, at: time)
    }
  }

  @discardableResult
  public func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws -> Subscriber {
    try Subscriber.check(key: key)
    let time = configuration.now().clamped
    return try await connections.perform(.change) { session, _ in
      try SubscriberTable(connection: session.connection).setEnabled(key, isEnabled, at: time)
    }
  }

  public func deleteSubscriber(_ key: String) async throws {
    try Subscriber.check(key: key)
    try await connections.perform(.change) { session, isRepeated in
      try SubscriberTable(connection: session.connection).delete(key, isRepeated: isRepeated)
    }
  }
}
