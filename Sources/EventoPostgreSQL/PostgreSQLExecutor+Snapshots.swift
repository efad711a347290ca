public import Evento

extension PostgreSQLExecutor {
  public func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot? {
    try key.check()
    return try await connections.perform(.lookUp) { session, _ in
      try SnapshotTable(connection: session.connection).snapshot(key)
    }
  }

  package func getSnapshot(
    _ key: SnapshotKey, unless isCancelled: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<Snapshot?, EventoError>) -> Void
  ) {
    guard passes(completion, { try key.check() }) else { return }
    connections.perform(.lookUp, unless: isCancelled, completion: completion) { session, _ in
      try SnapshotTable(connection: session.connection).snapshot(key)
    }
  }

  public func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws {
    try key.check()
    try await connections.perform(.change) { session, _ in
      try SnapshotTable(connection: session.connection).save(key, snapshot)
    }
  }

  public func deleteSnapshot(_ key: SnapshotKey) async throws {
    try key.check()
    try await connections.perform(.change) { session, isRepeated in
      try SnapshotTable(connection: session.connection).delete(key, isRepeated: isRepeated)
    }
  }
}
