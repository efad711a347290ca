internal import CSQLite
internal import Dispatch
internal import Evento
internal import EventoStorage

/// A store in a SQLite file, or in memory.
///
/// Several processes can open the same file. A confirmed write is on disk: the database is in WAL mode with
/// `synchronous=FULL` (https://sqlite.org/wal.html, https://sqlite.org/pragma.html#pragma_synchronous). Nothing blocks
/// Swift's cooperative pool: all of SQLite runs on Dispatch queues.
public final class SQLiteExecutor: Sendable {
  let writer: Writer
  let readers: Readers
  let poller: ForeignCommitPoller
  /// `nil` for a store in memory, whose readers use the writer's connection.
  let prechecks: ConditionPrechecks?
  let configuration: SQLiteConfiguration
  /// True if the store was created when it was opened.
  public let isNew: Bool

  /// Opens a store, and creates it if it does not exist (but see ``SQLiteConfiguration/createsDatabase``).
  ///
  /// - Parameters:
  ///   - path: The database file, in an existing folder; or `:memory:` for a store that is lost with the executor.
  /// - Throws: `invalid_request` if the file is not a store, or is one of a newer version; `unavailable` if it can't be
  ///   opened; `CancellationError` if the task is cancelled first. Then the upgrade of an older store is undone.
  public static func open(
    _ path: String, configuration: SQLiteConfiguration = SQLiteConfiguration()
  ) async throws -> SQLiteExecutor {
    let (queue, work) = (DispatchQueue(label: "evento.sqlite.writer"), CancellableWork())
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        queue.async {
          continuation.resume(with: Result { try SQLiteExecutor(path, configuration, writerQueue: queue, work) })
        }
      }
    } onCancel: {
      work.cancel()
    }
  }

  /// Opens the store. Blocks, so it runs on the writer's queue.
  private init(
    _ path: String, _ configuration: SQLiteConfiguration, writerQueue: DispatchQueue, _ work: CancellableWork
  ) throws {
    let isInMemory = path == ":memory:"
    self.configuration = configuration
    var isCreated = false
    do {
      // The files of another program must not change, including a write-ahead log: the database is checked before it is
      // opened for writing. The check's connection stays open for longer, so that SQLite need not read such a log
      // twice.
      let look = isInMemory ? nil : try Self.look(at: path, configuration, work, isCreated: &isCreated)
      defer { look?.close() }
      let connection = try Connection(
        path: path, busyTimeout: configuration.busyTimeout, for: isInMemory ? .making : .writing)
      connection.setWork(work)
      // To migrate a store, the connection must be the only one.
      if let look, try Schema.content(of: look, path: path).version < Schema.version { look.close() }
      isNew = try Schema.prepare(
        connection, path: path, isInMemory: isInMemory, work, notify: configuration.notify)
      connection.setWork(nil)
      try connection.execute("PRAGMA cache_size = -\(Self.writerCacheKiB)")
      if let file = connection.path {
        try FileSystem.sync(folderOf: file)
        try connection.secureLog()
      }
      poller = ForeignCommitPoller(
        isInMemory ? nil : try Connection(readingFrom: path, busyTimeout: configuration.busyTimeout),
        end: try connection.logEnd().position)
      let turns = ReadTurns()
      let files = try connection.path.map { file in
        let store = OpenFiles(file, openedAs: path)
        try MinimumSizes.checkIsWhole(connection, store)
        return try WriterFiles(connection, store, threshold: configuration.autocheckpoint, turns: turns)
      }
      writer = Writer(
        connection, files, queue: writerQueue, waitingLimit: max(configuration.waitingWrites, 1),
        stuckAfter: configuration.busyTimeout, poller: poller, notify: configuration.notify)
      if isInMemory {
        connection.limitReads()
        let session = ReaderPool.Session(connection, queue: writerQueue, ownsConnection: false)
        readers = Readers(short: [session], long: [session], turns: turns)
        prechecks = nil
      } else {
        func sessions(_ kind: String, _ count: Int) throws(SQLiteFailure) -> [ReaderPool.Session] {
          try (1...count).map { (number) throws(SQLiteFailure) in
            let connection = try Connection(
              readingFrom: path, busyTimeout: configuration.busyTimeout, memoryMapBytes: configuration.memoryMapBytes)
            connection.limitReads()
            return ReaderPool.Session(connection, queue: DispatchQueue(label: "evento.sqlite.\(kind).\(number)"))
          }
        }
        let count = max(configuration.readers, 1)
        readers = Readers(short: try sessions("reader", count), long: try sessions("long-reader", count), turns: turns)
        let checker = try Connection(
          readingFrom: path, busyTimeout: configuration.busyTimeout, memoryMapBytes: configuration.memoryMapBytes)
        prechecks = ConditionPrechecks(
          ReaderPool.Session(checker, queue: DispatchQueue(label: "evento.sqlite.conditions")), turns: turns,
          waitingLimit: max(configuration.waitingWrites, 1))
      }
    } catch {
      if isCreated { DatabaseFile.removeIfEmpty(path) }
      if work.isCancelled, Self.isInterruption(error) { throw CancellationError() }
      throw Self.openingError(error, path)
    }
  }

  /// The size of the writer's page cache. With SQLite's default of 2 MB, a commit that changes pages all over the
  /// indexes writes some of them twice, and reads most of them from the file.
  private static let writerCacheKiB = 8 << 10

  /// Returns whether a statement was interrupted, or stopped waiting for another connection.
  private static func isInterruption(_ error: any Error) -> Bool {
    switch error {
    case let error as EventoError: error.code == .unavailable
    case let failure as SQLiteFailure: [SQLITE_INTERRUPT, SQLITE_BUSY].contains(failure.code & 0xFF)
    default: false
    }
  }

  private static func openingError(_ error: any Error, _ path: String) -> EventoError {
    switch error {
    case let error as EventoError: error
    case let failure as SQLiteFailure: failure.error(of: path)
    default: EventoError(.internal, "\(path) can't be opened: \(error)")
    }
  }

  /// Creates the file if allowed, and checks its content.
  ///
  /// - Parameter isCreated: Set to true if the file was created.
  private static func look(
    at path: String, _ configuration: SQLiteConfiguration, _ work: CancellableWork, isCreated: inout Bool
  ) throws -> Connection {
    try DatabasePath.check(path)
    if configuration.createsDatabase {
      try DatabaseFile.checkNoLogIsLeft(of: path)
      isCreated = try DatabaseFile.create(path, permissions: configuration.filePermissions)
    } else {
      try DatabaseFile.checkExists(path, configuration)
    }
    let look = try DatabaseFile.look(at: path, busyTimeout: configuration.busyTimeout)
    look.setWork(work)
    guard try Schema.content(of: look, path: path) != .nothing || configuration.createsDatabase else {
      throw DatabaseFile.mayNotCreate("\(path) is empty", configuration)
    }
    return look
  }

  /// Refuses writes that have not begun, and all later ones, as `unavailable`. Reads continue.
  package func refuseWrites() {
    prechecks?.refuse()
    writer.refuse()
  }

  /// Completes the calls in flight, moves the write-ahead log into the database and closes it. Later calls throw
  /// `unavailable`.
  public func close() async {
    await poller.close()
    await prechecks?.close()
    await readers.close()
    await writer.close()
  }

  /// Returns the number of stored events.
  ///
  /// - Throws: `unavailable`.
  public func eventCount() async throws -> Int {
    try await readers.perform { session in
      do throws(SQLiteFailure) {
        return Int(try session.connection.logEnd().position)
      } catch {
        throw error.error(of: session.connection.path ?? ":memory:")
      }
    }
  }
}
