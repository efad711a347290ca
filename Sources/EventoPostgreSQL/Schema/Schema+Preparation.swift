internal import Evento
internal import EventoStorage

extension Schema {
  /// The rules for opening a store.
  struct Rules {
    /// True if `synchronous_commit = off` is accepted, with which PostgreSQL can lose confirmed commits in a crash.
    var allowsAsynchronousCommit = false
    /// True if the tables are created if they are missing.
    var createsTables = true
    /// The time for a migration, or for the wait for another gateway's. It only ends one that hangs: the time that an
    /// upgrade takes grows with the number of events, and one that was ended begins again.
    var migrationTimeout: Duration = .seconds(24 * 3600)
  }

  /// Prepares the database for a store: creates the tables or upgrades them. Any number of gateways can do this at once.
  ///
  /// A store of the current version is only read, so the role that runs a gateway needs no privilege to create anything.
  ///
  /// They are in the schema of the connection's settings, which is created if it is missing, or else in the first one of
  /// the `search_path`.
  ///
  /// - Parameter notify: Called with a notice if the server's settings can lose confirmed events, and when an upgrade
  ///   begins and ends.
  /// - Returns: True if the store is new.
  /// - Throws: ``EventoError`` if the database can't hold a store, or has one of a newer version;
  ///   ``PostgreSQLFailure``.
  @discardableResult
  static func prepare(
    _ connection: Connection, _ rules: Rules = Rules(), notify: (StoreNotice) -> Void = { _ in }
  ) throws -> Bool {
    let state = try State(of: connection)
    guard state.synchronousCommit != "off" || rules.allowsAsynchronousCommit else {
      throw EventoError(
        .unavailable,
        "PostgreSQL's \"synchronous_commit\" is off, so it can lose confirmed events in a crash. Set it to on for the "
          + "server, the database or the role.", isTransient: false)
    }
    if let notice = state.synchronousCommitNotice { notify(notice) }
    guard try content(of: connection, state) != .store(version: version) else { return false }
    return try migrate(connection, rules, notify)
  }

  private static func migrate(
    _ connection: Connection, _ rules: Rules, _ notify: (StoreNotice) -> Void
  ) throws -> Bool {
    var schema = connection.schema
    do {
      try connection.run(.begin)
      // A migration, and the wait for another gateway's, have the limit of the operation: not that of a short lock, nor
      // that of a role's statements.
      try connection.run(.once("SET LOCAL lock_timeout = 0"))
      try connection.run(.once("SET LOCAL statement_timeout = 0"))
      try connection.run(
        .once("SELECT pg_advisory_xact_lock($1)", .int8), [.int8(lock)], within: rules.migrationTimeout)
      // Later statements see what was committed before the lock was acquired: another gateway may have done it all.
      var state = try State(of: connection)
      if !rules.createsTables, let schema = state.schema ?? schema, try content(of: connection, state) == .nothing {
        throw EventoError(
          .unavailable,
          "The schema \"\(schema)\" of the PostgreSQL database has no event store. Check the URL and the schema, or create "
            + "the store first.", isTransient: false)
      }
      if state.schema == nil, let schema {
        // Another gateway may have created it meanwhile, which `current_schema()` need not show yet.
        try connection.run(.once("CREATE SCHEMA IF NOT EXISTS \(quoted(schema))"))
        state = try State(of: connection)
      }
      schema = state.schema
      guard schema != nil else {
        throw EventoError(
          .unavailable,
          "No schema of the \"search_path\" exists in the PostgreSQL database. Create one, or name another one.",
          isTransient: false)
      }
      let content = try content(of: connection, state)
      guard content != .store(version: version) else {
        connection.rollBack()
        return false
      }
      let upgrade = content == .nothing ? nil : try notices(connection, schema ?? "?", from: content.version)
      if let upgrade { notify(upgrade.beginning) }
      if let upgrade, content.version < checksumVersion {
        try run(migrations[content.version..<checksumVersion].joined(), on: connection, rules)
        try ChecksumFilling(connection: connection).fill { count in
          if let notice = upgrade.progress(count) { notify(notice) }
        }
        try apply(to: connection, content, from: checksumVersion, rules)
      } else {
        try apply(to: connection, content, from: content.version, rules)
      }
      if let upgrade { notify(upgrade.end) }
      return content == .nothing
    } catch {
      connection.rollBack()
      guard let failure = error as? PostgreSQLFailure else { throw error }
      guard [.insufficientPrivilege, .readOnlyTransaction].contains(failure.sqlstate) else { throw failure }
      throw EventoError(
        .unavailable,
        "The PostgreSQL role can't create the event store's tables in the schema \"\(schema ?? "?")\". Start the program "
          + "once as a role with the privilege CREATE on it, or grant it.", cause: failure.description,
        isTransient: false)
    }
  }

  private static func notices(
    _ connection: Connection, _ schema: String, from found: Int
  ) throws(PostgreSQLFailure) -> UpgradeNotices {
    let row = try connection.run(.once("SELECT position, pg_total_relation_size('event') FROM store"))
    return UpgradeNotices(
      "the tables in the PostgreSQL schema \"\(schema)\"", ("version \(found)", "version \(version)"),
      events: row.integer(0, 0), bytes: row.integer(0, 1))
  }

  /// Runs statements in the open transaction.
  private static func run(
    _ statements: some Sequence<String>, on connection: Connection, _ rules: Rules
  ) throws(PostgreSQLFailure) {
    try connection.pipeline(within: rules.migrationTimeout) { (pipeline) throws(PostgreSQLFailure) in
      for statement in statements { try pipeline.send(.once(statement)) }
    }
  }

  /// Runs the migrations from a version on in the open transaction, and commits it.
  private static func apply(
    to connection: Connection, _ content: Content, from current: Int, _ rules: Rules
  ) throws(PostgreSQLFailure) {
    try connection.pipeline(within: rules.migrationTimeout) { (pipeline) throws(PostgreSQLFailure) in
      for statement in migrations.dropFirst(current).joined() { try pipeline.send(.once(statement)) }
      let version: Parameters = [.int4(Int32(version))]
      if content == .nothing {
        try pipeline.send(.once("INSERT INTO \(versionTable) (version) VALUES ($1)", .int4), version)
        try pipeline.send(
          .once(
            """
            INSERT INTO store (origin, position, commit_id, texts, kinds, lanes, aggregates)
            VALUES ($1, 0, $1, 0, 0, 0, 0)
            """, .int8), [.int8(LogPosition.freshCommitID())])
      } else {
        try pipeline.send(.once("UPDATE \(versionTable) SET version = $1", .int4), version)
      }
      try pipeline.send(.commit)
    }
  }

  /// The key of the lock for migrations. One for all stores of a database is enough.
  private static let lock: Int64 = 0x4556_544F  // "EVTO"

  private static func quoted(_ name: String) -> String {
    "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }

  // MARK: The content of a schema

  /// The schema that a connection uses, and its settings.
  private struct State {
    /// `nil` if no schema of the `search_path` exists.
    let schema: String?
    let synchronousCommit: String
    /// The names of ``Schema/tables`` that exist in any schema of the `search_path`.
    let tables: Set<String>

    /// Reads all from one snapshot, so that it does not see a part of another gateway's migration. `to_regclass` would.
    init(of connection: Connection) throws(PostgreSQLFailure) {
      let row = try connection.run(
        .once(
          """
          SELECT current_schema()::text, current_setting('synchronous_commit'),
            (SELECT string_agg(relname, ' ') FROM pg_class WHERE relname = ANY ($1) AND pg_table_is_visible(oid))
          """, .textArray), [.textArray(Schema.tables)])
      schema = row.isNull(0, 0) ? nil : row.text(0, 0)
      synchronousCommit = row.text(0, 1)
      tables = Set(row.text(0, 2).split(separator: " ").map { String($0) })
    }

    /// The notice about a setting with which a failover can lose confirmed events
    /// (https://www.postgresql.org/docs/15/runtime-config-wal.html#GUC-SYNCHRONOUS-COMMIT), also if there is no standby
    /// yet.
    var synchronousCommitNotice: StoreNotice? {
      let loss: String
      switch synchronousCommit {
      case "local": loss = "commits don't wait for a standby, and a failover can lose confirmed events"
      case "remote_write":
        loss = "commits don't wait for a standby's disk, and a failover can lose confirmed events if both machines fail"
      default: return nil
      }
      return StoreNotice(
        level: .failure,
        message: "PostgreSQL's \"synchronous_commit\" is \(synchronousCommit): \(loss). Set it to on for the role.",
        cause: nil)
    }
  }

  private enum Content: Equatable {
    case nothing
    case store(version: Int)

    var version: Int {
      switch self {
      case .nothing: 0
      case .store(let version): version
      }
    }
  }

  /// - Throws: `unavailable` if the schema has another program's tables, or a newer or incomplete store.
  private static func content(of connection: Connection, _ state: State) throws -> Content {
    let name = "The schema \"\(state.schema ?? "?")\" of the PostgreSQL database"
    func unusable(_ text: String) -> EventoError {
      EventoError(.unavailable, "\(name) \(text)", isTransient: false)
    }
    guard state.tables.contains(versionTable) else {
      guard let table = state.tables.sorted().first else { return .nothing }
      throw unusable("has another program's table \"\(table)\". Name another schema for the event store.")
    }
    let versions = try connection.run(.once("SELECT version FROM \(versionTable)"))
    let current = versions.rowCount == 1 ? Int(versions.integer(0, 0)) : 0
    guard current <= version else {
      throw unusable(
        "was written by a newer version of this program (schema \(current), this one supports \(version)). Run that "
          + "version, or a later one.")
    }
    guard current >= 1 else {
      throw unusable("is damaged: its schema version is missing. Restore its latest backup.")
    }
    let missing = Set(tables).subtracting(state.tables)
    if current == version, let table = missing.sorted().first {
      throw unusable("is not a complete event store: the table \"\(table)\" is missing. Restore its latest backup.")
    }
    guard try connection.run(.once("SELECT 1 FROM store")).rowCount == 1 else {
      throw unusable("is damaged: its table \"store\" does not have exactly one row. Restore its latest backup.")
    }
    return .store(version: current)
  }
}
