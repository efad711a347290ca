package import Evento
package import EventoStorage

extension SQLiteExecutor: DatabaseStore {
  package func statistics() async throws -> StoreStatistics {
    var statistics = try await readers.perform { session in try session.connection.statistics() }
    if let path = try await readers.perform({ session in session.connection.path }) {
      statistics.databaseBytes = FileSystem.size(path) + FileSystem.size(path + "-wal")
    }
    return statistics
  }

  package func snapshots(first: Int, after key: SnapshotKey?) async throws -> SnapshotPage {
    let bytes = configuration.pageBytes
    return try await readers.perform { session in
      try SnapshotTable(connection: session.connection).page(first: first, after: key, bytes: bytes)
    }
  }

  package func eraseEvents(at positions: [Int]) async throws {
    try await writer.erase { session throws(SQLiteFailure) in
      try EventEraser(connection: session.connection, symbols: session.symbols).erase(positions.map { Int64($0) })
      return ErasureResult(events: positions.count, snapshots: 0)
    }
  }

  package func importSubscribers(_ subscribers: [Subscriber]) async throws {
    try await writer.perform { session in try SubscriberTable(connection: session.connection).put(subscribers) }
  }

  package func importSnapshots(_ snapshots: [KeyedSnapshot]) async throws {
    let bytes = snapshots.reduce(0) { $0 + $1.snapshot.data.bytes.count }
    try await writer.perform(bytes: bytes) { session in
      try SnapshotTable(connection: session.connection).put(snapshots)
    }
  }
}
