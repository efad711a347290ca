internal import CSQLite
internal import Dispatch
internal import Evento

/// A store in a SQLite file, or in memory.
///
/// Several processes may open the same file. An answered write is on disk: the database runs in WAL mode with
/// `synchronous=FULL` (https://sqlite.org/wal.html, https://sqlite.org/pragma.html#pragma_synchronous). Nothing here
/// blocks Swift's cooperative pool: all of SQLite runs on Dispatch queues.
public final class SQLiteExecutor: Sendable {
  let writer: Writer
  let readers: ReaderPool
  let watch: CommitWatch
  let configuration: SQLiteConfiguration

  /// Opens a store, and makes it where there is none.
  ///
  /// - Parameters:
  ///   - path: of the database file, in a folder that is there; or `:memory:`, for a store that goes with the executor.
  /// - Throws: `invalid_request` where the file is no store, or one of a newer version; `unavailable` where it can't be
  ///   opened.
  public static func open(
    _ path: String, configuration: SQLiteConfiguration = SQLiteConfiguration()
  ) async throws -> SQLiteExecutor {
    let queue = DispatchQueue(label: "evento.sqlite.writer")
    let result: Result<SQLiteExecutor, EventoError> = await withCheckedContinuation { continuation in
      queue.async {
        continuation.resume(
          returning: Result { () throws(EventoError) in
            try SQLiteExecutor(path, configuration, writerQueue: queue)
          })
      }
    }
    return try result.get()
  }

  /// Blocks; runs on the writer's queue.
  private init(_ path: String, _ configuration: SQLiteConfiguration, writerQueue: DispatchQueue) throws(EventoError) {
    let isInMemory = path == ":memory:"
    self.configuration = configuration
    do {
      if !isInMemory { try DatabaseFile.create(path, permissions: configuration.filePermissions) }
      let connection = try Connection(
        path: path, busyTimeout: configuration.busyTimeout, for: isInMemory ? .making : .writing)
      try Schema.prepare(
        connection, path: path, isInMemory: isInMemory)
      if !isInMemory { try FileSync.sync(folderOf: path) }
      watch = CommitWatch(isInMemory ? nil : try Connection(readingFrom: path, busyTimeout: configuration.busyTimeout))
      let turns = ReadTurns()
      let files = try connection.path.map { path in
        Writer.Files(
          store: StoreFiles(path),
          checkpointer: try Checkpointer(connection, threshold: configuration.autocheckpoint, turns: turns))
      }
      writer = Writer(
        connection, files, queue: writerQueue, waitingLimit: max(configuration.waitingWrites, 1),
        patience: configuration.busyTimeout, commits: watch.signal, notify: configuration.notify)
      if isInMemory {
        readers = ReaderPool(
          [ReaderPool.Session(connection, queue: writerQueue, ownsConnection: false)], turns: turns)
      } else {
        readers = ReaderPool(
          try (1...max(configuration.readers, 1)).map { number in
            let connection = try Connection(
              readingFrom: path, busyTimeout: configuration.busyTimeout, memoryMapBytes: configuration.memoryMapBytes)
            return ReaderPool.Session(connection, queue: DispatchQueue(label: "evento.sqlite.reader.\(number)"))
          }, turns: turns)
      }
    } catch let error as EventoError {
      throw error
    } catch let failure as SQLiteFailure {
      throw Self.openingError(failure, path: path)
    } catch {
      throw EventoError(.internal, "\(path) can't be opened: \(error)")
    }
  }

  private static func openingError(_ failure: SQLiteFailure, path: String) -> EventoError {
    if failure.primaryCode == SQLITE_NOTADB {
      return EventoError(
        .invalidRequest, "\(path) is no SQLite database: name another file for the event store.",
        cause: failure.error.cause)
    }
    let hint = "check that its folder is there, and that both can be written"
    return EventoError(
      failure.error.code, "\(path) can't be opened (\(failure.message)): \(hint).", cause: failure.error.cause)
  }

  /// Finishes what was asked for, moves the write-ahead log into the database and closes it. Whatever is asked for
  /// afterwards is `unavailable`.
  public func close() async {
    await watch.close()
    await readers.close()
    await writer.close()
  }

  /// How many events are stored.
  ///
  /// - Throws: `unavailable`.
  public func eventCount() async throws -> Int {
    try await readers.perform { session in Int(try session.connection.logEnd().position) }
  }
}
