package import Evento
package import EventoStorage

extension SQLiteExecutor: DatabaseStore {
  package func snapshots(first: Int, after key: SnapshotKey?) async throws -> SnapshotPage {
    let bytes = configuration.pageBytes
    return try await readers.perform { session in
      try SnapshotTable(connection: session.connection).page(first: first, after: key, bytes: bytes)
    }
  }

  package func eraseEvents(at positions: [Int]) async throws {
    try await writer.perform { session in
      try EventEraser(connection: session.connection, symbols: session.symbols).erase(positions.map { Int64($0) })
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
