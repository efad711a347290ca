internal import CSQLite
internal import Evento
internal import EventoStorage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Schema {
  /// Prepares a connection for a store: sets how it writes, and creates the tables or upgrades them.
  ///
  /// It changes the journal mode before it checks the content under the lock, so check the content of a file with
  /// ``content(of:path:)`` first.
  ///
  /// - Parameters:
  ///   - work: The connection's work. If it is cancelled, the upgrade of an older store is undone.
  ///   - notify: Called before and after that upgrade.
  /// - Returns: True if the store is new.
  /// - Throws: ``EventoError`` if the database is another program's, damaged, or of a newer version; ``SQLiteFailure``.
  @discardableResult
  static func prepare(
    _ connection: Connection, path: String, isInMemory: Bool, _ work: CancellableWork = CancellableWork(),
    notify: (StoreNotice) -> Void = { _ in }
  ) throws -> Bool {
    if !isInMemory {
      try takeAloneToMigrate(connection, path: path, work)
      try setJournal(connection, path: path, work)
    }
    // FULL syncs the write-ahead log at each commit, so a confirmed write is on disk:
    // https://sqlite.org/pragma.html#pragma_synchronous
    try connection.execute("PRAGMA synchronous = FULL")
    // What is deleted or replaced is overwritten: nothing of a snapshot stays on free pages, where an erasure would not
    // find it. Debian's SQLite does this by default: https://sqlite.org/pragma.html#pragma_secure_delete
    try connection.execute("PRAGMA secure_delete = ON")
    guard try content(of: connection, path: path) != .store(version: Int(version)) else { return false }

    // Another process may do the same: check again under the lock.
    try connection.execute("BEGIN IMMEDIATE")
    do {
      let content = try content(of: connection, path: path)
      let isOlder = (1..<Int(version)).contains(content.version)
      let upgrade = isOlder ? try notices(connection, path, from: content.version) : nil
      if let upgrade { notify(upgrade.beginning) }
      for migration in migrations.dropFirst(content.version) { try connection.execute(migration) }
      if let upgrade, content.version < checksumVersion {
        try ChecksumFilling(connection).fill { count in
          if let notice = upgrade.progress(count) { notify(notice) }
        }
      }
      if content == .nothing {
        try connection.run("INSERT INTO store (origin, probe) VALUES (?1, 0)", .integer(LogPosition.freshCommitID()))
      }
      try connection.execute("PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version); COMMIT")
      if let upgrade { notify(upgrade.end) }
      return content == .nothing
    } catch {
      // The rollback must not be interrupted too.
      connection.setWork(nil)
      connection.rollBack()
      throw error
    }
  }

  /// If the store has an older schema, ensures that no other process has it open: a process of the older version would
  /// continue to write without the data that the new schema requires.
  ///
  /// Only a process with exclusive access can leave WAL mode (https://sqlite.org/wal.html#persistence_of_wal_mode). The
  /// new version is set in the transaction that follows.
  private static func takeAloneToMigrate(_ connection: Connection, path: String, _ work: CancellableWork) throws {
    let deadline = ContinuousClock.now + connection.busyTimeout
    while case .store(let found) = try content(of: connection, path: path), found < version {
      guard let failure = try leaveWALMode(connection) else { return }
      guard !work.isCancelled else { throw failure }
      // It may be another process of this version that does the same. Then the store soon has this version.
      guard ContinuousClock.now < deadline else {
        throw EventoError(
          .unavailable,
          "\(path) is open in another process, and must be upgraded to this version. Stop that process, then start again.",
          cause: failure.error.cause)
      }
      // On the writer's own thread, which may block.
      usleep(20_000)
    }
  }

  private static func notices(
    _ connection: Connection, _ path: String, from found: Int
  ) throws(SQLiteFailure) -> UpgradeNotices {
    UpgradeNotices(
      path, ("schema \(found)", "schema \(version)"), events: try connection.logEnd().position,
      bytes: Int64(FileSystem.size(path)))
  }

  /// - Returns: The error if another process has the database open.
  private static func leaveWALMode(_ connection: Connection) throws(SQLiteFailure) -> SQLiteFailure? {
    do throws(SQLiteFailure) {
      try connection.run("PRAGMA journal_mode = DELETE")
      return nil
    } catch {
      guard [SQLITE_BUSY, SQLITE_LOCKED].contains(error.primaryCode) else { throw error }
      return error
    }
  }

  /// The content of a database.
  enum Content: Equatable {
    /// Empty, like a new file.
    case nothing
    /// A store of a schema version.
    case store(version: Int)

    var version: Int {
      switch self {
      case .nothing: 0
      case .store(let version): version
      }
    }
  }

  /// Determines the content of a database without changing it.
  ///
  /// - Throws: ``EventoError`` if it is another program's, incomplete, or of a newer version; ``SQLiteFailure``.
  static func content(of connection: Connection, path: String) throws -> Content {
    // In one transaction: another process may be creating the store.
    try connection.snapshot { try contentOfOneMoment(connection, path) }
  }

  private static func contentOfOneMoment(_ connection: Connection, _ path: String) throws -> Content {
    // All text would have to be converted, and would be compared by other bytes than the given ones.
    let encoding = try connection.first("PRAGMA encoding") { $0.text(0) } ?? ""
    guard encoding == "UTF-8" else {
      throw EventoError(
        .invalidRequest,
        "\(path) is a SQLite database with the text encoding \(encoding), but an event store requires UTF-8. Name another file."
      )
    }
    let application = try connection.integer("PRAGMA application_id") ?? 0
    let current = try connection.integer("PRAGMA user_version") ?? 0
    if application == 0, current == 0, try connection.integer("SELECT count(*) FROM sqlite_schema") == 0 {
      return .nothing
    }
    guard application == applicationID else {
      throw EventoError(
        .invalidRequest, "\(path) is a SQLite database of another program. Name another file for the event store.")
    }
    guard current <= version else {
      throw EventoError(
        .invalidRequest,
        "\(path) was written by a newer version of this program (schema \(current), this one supports \(version)). "
          + "Run that version, or a later one.")
    }
    guard current >= 1 else {
      throw EventoError(
        .invalidRequest,
        "\(path) is damaged: its schema version is \(current). Move it away, and restore its latest backup.")
    }
    let (shape, found) = (try shape(ofVersion: Int(current)), try shape(of: connection))
    let missing = shape.subtracting(found)
    guard missing.isEmpty else {
      throw EventoError(
        .invalidRequest,
        "\(path) is not a complete event store: \"\(missing.sorted()[0])\" of schema \(current) is missing. Name another "
          + "file, or restore its latest backup.")
    }
    // A migration would fail halfway.
    let newer = found.intersection(try self.shape(ofVersion: Int(version)).subtracting(shape))
    guard newer.isEmpty else {
      throw EventoError(
        .invalidRequest,
        "\(path) is damaged: its schema version is \(current), but it has \"\(newer.sorted()[0])\" of a newer one. Move it "
          + "away, and restore its latest backup.")
    }
    guard try connection.integer("SELECT count(*) FROM (SELECT 1 FROM store LIMIT 2)") == 1 else {
      throw EventoError(
        .invalidRequest,
        "\(path) is damaged: its table \"store\" does not have exactly one row. Move it away, and restore its latest "
          + "backup.")
    }
    return .store(version: Int(current))
  }

  /// Returns the tables with their columns, and the indexes, of a database.
  private static func shape(of connection: Connection) throws(SQLiteFailure) -> Set<String> {
    let rows = try connection.all(
      """
      SELECT object.type || ' ' || object.name || coalesce('.' || column.name || ' ' || column.type, '')
      FROM sqlite_schema AS object LEFT JOIN pragma_table_info(object.name) AS column
      WHERE object.type IN ('table', 'index')
      """
    ) { $0.text(0) }
    return Set(rows)
  }

  /// Returns the shape that the migrations create.
  private static func shape(ofVersion version: Int) throws(SQLiteFailure) -> Set<String> {
    let connection = try Connection(path: ":memory:", busyTimeout: .zero)
    defer { connection.close() }
    for migration in migrations.prefix(version) { try connection.execute(migration) }
    return try shape(of: connection)
  }

  /// Checks that a database is a store.
  ///
  /// - Throws: ``EventoError`` if it is empty, not a store, or of a newer version.
  static func checkIsStore(_ connection: Connection, path: String) throws {
    guard try content(of: connection, path: path) != .nothing else {
      throw EventoError(.invalidRequest, "\(path) is empty, not an event store. Name another file.")
    }
  }

  private static func setJournal(_ connection: Connection, path: String, _ work: CancellableWork) throws {
    let deadline = ContinuousClock.now + connection.busyTimeout
    var mode = try tryWALMode(connection)
    // SQLite does not wait if two connections that read a new file both try to change it: one of them must give up.
    while mode == nil, !work.isCancelled, ContinuousClock.now < deadline {
      // On the writer's own thread, which may block.
      usleep(5000)
      mode = try tryWALMode(connection)
    }
    if mode == nil { mode = try connection.first("PRAGMA journal_mode = WAL") { $0.text(0) } }
    guard mode == "wal" else {
      throw EventoError(
        .invalidRequest,
        "\(path) is on a file system that can't hold SQLite's write-ahead log (it needs shared memory). "
          + "Put the database on a local disk.")
    }
  }

  /// - Returns: The mode afterwards; `nil` if another connection blocked the change.
  private static func tryWALMode(_ connection: Connection) throws(SQLiteFailure) -> String? {
    do throws(SQLiteFailure) {
      return try connection.first("PRAGMA journal_mode = WAL") { $0.text(0) }
    } catch {
      guard error.primaryCode == SQLITE_BUSY else { throw error }
      return nil
    }
  }
}
