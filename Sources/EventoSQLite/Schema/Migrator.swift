internal import CSQLite
internal import Evento

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Schema {
  /// Makes a connection that of a store: sets how it writes, makes the tables or brings them up to date.
  ///
  /// It changes the journal mode before it looks under the lock: of a file, ``content(of:path:)`` must have been taken
  /// before.
  ///
  /// - Parameters:
  ///   - work: which the connection has. If it is cancelled, the upgrade of an older store is undone.
  ///   - notify: called before and after that upgrade.
  /// - Returns: whether the store is new.
  /// - Throws: ``EventoError`` if the database is another program's, damaged, or of a newer version; ``SQLiteFailure``.
  @discardableResult
  static func prepare(
    _ connection: Connection, path: String, isInMemory: Bool, _ work: CancellableWork = CancellableWork(),
    notify: (SQLiteNotice) -> Void = { _ in }
  ) throws -> Bool {
    if !isInMemory {
      try takeAloneToMigrate(connection, path: path, work)
      try setJournal(connection, path: path, work)
    }
    // FULL syncs the write-ahead log at each commit: an answered write is on disk (https://sqlite.org/pragma.html#pragma_synchronous).
    try connection.execute("PRAGMA synchronous = FULL")
    guard try content(of: connection, path: path) != .store(version: Int(version)) else { return false }

    // Another process may do the same at this moment: look again under the lock.
    try connection.execute("BEGIN IMMEDIATE")
    do {
      let content = try content(of: connection, path: path)
      let isOlder = (1..<Int(version)).contains(content.version)
      let upgrade = isOlder ? try Upgrade(connection, path, from: content.version) : nil
      if let upgrade { notify(upgrade.beginning) }
      for migration in migrations.dropFirst(content.version) { try connection.execute(migration) }
      if content == .nothing {
        try connection.run("INSERT INTO store (origin, probe) VALUES (?1, 0)", .integer(LogPosition.freshCommitID()))
      }
      try connection.execute("PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version); COMMIT")
      if let upgrade { notify(upgrade.end) }
      return content == .nothing
    } catch {
      // What undoes it must not be interrupted too.
      connection.setWork(nil)
      connection.rollBack()
      throw error
    }
  }

  /// If the store is of an older version, makes sure that no other process has it open: one of that version would go on
  /// writing as it knows, and leave out what the new schema needs.
  ///
  /// Only a process that is alone can leave WAL mode (https://sqlite.org/wal.html#persistence_of_wal_mode); the new version
  /// is set within the transaction that follows.
  private static func takeAloneToMigrate(_ connection: Connection, path: String, _ work: CancellableWork) throws {
    let deadline = ContinuousClock.now + connection.busyTimeout
    while case .store(let found) = try content(of: connection, path: path), found < version {
      guard let failure = try leaveWALMode(connection) else { return }
      guard !work.isCancelled else { throw failure }
      // It may be another process of this version, which does the same: then the store is soon of this version.
      guard ContinuousClock.now < deadline else {
        throw EventoError(
          .unavailable,
          "\(path) is open in another process, and must be migrated to this version: stop that process, then start again.",
          cause: failure.error.cause)
      }
      // On the writer's own thread, which may block.
      usleep(20_000)
    }
  }

  /// What an operator is told of an older store that is brought up to date: it is one transaction, however large the store
  /// is, and nothing is served before its end.
  private struct Upgrade {
    let beginning: SQLiteNotice
    private let path: String
    private let start = ContinuousClock.now

    init(_ connection: Connection, _ path: String, from found: Int) throws(SQLiteFailure) {
      self.path = path
      let events = try connection.logEnd().position
      beginning = SQLiteNotice(
        level: .information,
        message:
          "Upgrading \(path) from schema \(found) to schema \(version): \(events) \(events == 1 ? "event" : "events"), "
          + "\(FileSystem.size(path)) bytes. Nothing is served before this is done.",
        cause: nil)
    }

    var end: SQLiteNotice {
      let seconds = (ContinuousClock.now - start).components.seconds
      return SQLiteNotice(
        level: .information, message: "\(path) is upgraded to schema \(version) (\(seconds) s).", cause: nil)
    }
  }

  /// - Returns: the failure if another process has the database open.
  private static func leaveWALMode(_ connection: Connection) throws(SQLiteFailure) -> SQLiteFailure? {
    do throws(SQLiteFailure) {
      try connection.run("PRAGMA journal_mode = DELETE")
      return nil
    } catch {
      guard [SQLITE_BUSY, SQLITE_LOCKED].contains(error.primaryCode) else { throw error }
      return error
    }
  }

  /// What a database holds.
  enum Content: Equatable {
    /// Nothing, as a new file.
    case nothing
    /// A store, as migrations up to a version have made it.
    case store(version: Int)

    var version: Int {
      switch self {
      case .nothing: 0
      case .store(let version): version
      }
    }
  }

  /// Looks at a database, and changes nothing.
  ///
  /// - Throws: ``EventoError`` if it is another program's, not whole, or of a newer version; ``SQLiteFailure``.
  static func content(of connection: Connection, path: String) throws -> Content {
    // Of one moment: another process may be creating the store.
    try connection.snapshot { try contentOfOneMoment(connection, path) }
  }

  private static func contentOfOneMoment(_ connection: Connection, _ path: String) throws -> Content {
    // All texts would have to be converted, and compared by other bytes than those that came.
    let encoding = try connection.first("PRAGMA encoding") { $0.text(0) } ?? ""
    guard encoding == "UTF-8" else {
      throw EventoError(
        .invalidRequest,
        "\(path) is a SQLite database whose text encoding is \(encoding), and an event store needs UTF-8. Name another file."
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
        "\(path) is not a whole event store: of schema \(current) it does not have \"\(missing.sorted()[0])\". Name another "
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
        "\(path) is damaged: its table \"store\" must have one row, and does not. Move it away, and restore its latest "
          + "backup.")
    }
    return .store(version: Int(current))
  }

  /// The tables with their columns, and the indexes, of a database.
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

  /// That which the migrations make.
  private static func shape(ofVersion version: Int) throws(SQLiteFailure) -> Set<String> {
    let connection = try Connection(path: ":memory:", busyTimeout: .zero)
    defer { connection.close() }
    for migration in migrations.prefix(version) { try connection.execute(migration) }
    return try shape(of: connection)
  }

  /// - Throws: ``EventoError`` if the database is no store, as an empty one, or one of a newer version.
  static func checkIsStore(_ connection: Connection, path: String) throws {
    guard try content(of: connection, path: path) != .nothing else {
      throw EventoError(.invalidRequest, "\(path) is empty, and not an event store. Name another file.")
    }
  }

  private static func setJournal(_ connection: Connection, path: String, _ work: CancellableWork) throws {
    let deadline = ContinuousClock.now + connection.busyTimeout
    var mode = try tryWALMode(connection)
    // SQLite does not wait where two connections that read a new file both want to change it: one of them must let go.
    while mode == nil, !work.isCancelled, ContinuousClock.now < deadline {
      // On the writer's own thread, which may block.
      usleep(5000)
      mode = try tryWALMode(connection)
    }
    if mode == nil { mode = try connection.first("PRAGMA journal_mode = WAL") { $0.text(0) } }
    guard mode == "wal" else {
      throw EventoError(
        .invalidRequest,
        "\(path) is on a file system that can't hold SQLite's write-ahead log (it needs shared memory): "
          + "put the database on a local disk.")
    }
  }

  /// - Returns: the mode afterwards; `nil` if another connection was in the way.
  private static func tryWALMode(_ connection: Connection) throws(SQLiteFailure) -> String? {
    do throws(SQLiteFailure) {
      return try connection.first("PRAGMA journal_mode = WAL") { $0.text(0) }
    } catch {
      guard error.primaryCode == SQLITE_BUSY else { throw error }
      return nil
    }
  }
}
