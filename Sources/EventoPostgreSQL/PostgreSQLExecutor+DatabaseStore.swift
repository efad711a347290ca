package import Evento
package import EventoStorage

extension PostgreSQLExecutor: DatabaseStore {
  package func statistics() async throws -> StoreStatistics {
    try await connections.perform(.readPage) { session, _ in try session.connection.statistics() }
  }

  package func snapshots(first: Int, after key: SnapshotKey?) async throws -> SnapshotPage {
    let bytes = configuration.pageBytes
    return try await connections.perform(.readPage) { session, _ in
      try SnapshotTable(connection: session.connection).page(first: first, after: key, bytes: bytes)
    }
  }

  package func eraseEvents(at positions: [Int]) async throws {
    try await connections.perform(.change) { session, _ in
      try EventEraser(connection: session.connection).erase(positions.map { Int64($0) })
    }
  }

  package func importSubscribers(_ subscribers: [Subscriber]) async throws {
    try await connections.perform(.change) { session, _ in
      try SubscriberTable(connection: session.connection).put(subscribers)
    }
  }

  package func importSnapshots(_ snapshots: [KeyedSnapshot]) async throws {
    try await connections.perform(.change) { session, _ in
      try SnapshotTable(connection: session.connection).put(snapshots)
    }
  }
}
