internal import CSQLite
internal import Evento
internal import EventoStorage

/// The verification of a SQLite store, in one read transaction: SQLite's own checks, and those of what SQLite does not
/// know about.
struct StoreVerification {
  private let connection: Connection
  private let path: String
  private let schema: Int
  private let work: CancellableWork
  private var result = Verification()

  /// - Parameter path: The database, for errors.
  init(_ connection: Connection, path: String, _ work: CancellableWork) throws {
    self.connection = connection
    self.path = path
    self.work = work
    schema = try Schema.content(of: connection, path: path).version
  }

  /// - Throws: ``SQLiteFailure`` if the store can't be read, for another reason than damage, or if the work is cancelled.
  consuming func run() throws -> Verification {
    connection.setWork(work)
    defer { connection.setWork(nil) }
    try connection.beginSnapshot()
    defer { connection.endSnapshot() }
    try reportingDamage("SQLite's check") { (check) throws(SQLiteFailure) in try check.checkStructure() }
    try reportingDamage("The log") { (check) throws(SQLiteFailure) in try check.checkLog() }
    try reportingDamage("The table of subscribers") { (check) throws(SQLiteFailure) in try check.checkSubscribers() }
    try reportingDamage("The table of snapshots") { (check) throws(SQLiteFailure) in try check.checkSnapshots() }
    return result
  }

  /// Runs a check. Damage because of which it can't go on is reported, and the next check begins.
  private mutating func reportingDamage(
    _ name: String, _ check: (inout StoreVerification) throws(SQLiteFailure) -> Void
  ) throws(SQLiteFailure) {
    do throws(SQLiteFailure) {
      try check(&self)
    } catch {
      guard error.isDamage else { throw error }
      result.report("\(name) can't be read to its end (\(error.message)).")
    }
  }

  /// The tables whose indexes SQLite compares. Those of the log are compared with it in one scan, which takes a fraction
  /// of the time.
  private static let smallTables = ["text", "kind", "lane", "aggregate", "posting_list", "snapshot"]

  private mutating func checkStructure() throws(SQLiteFailure) {
    // https://sqlite.org/pragma.html#pragma_integrity_check: the quick one does not compare indexes with their tables.
    let checks =
      ["quick_check(\(Verification.maximumFindings))"]
      + Self.smallTables.filter { schema > 1 || $0 != "posting_list" }.map { "integrity_check(\($0))" }
    for check in checks {
      let verdicts = try connection.all("PRAGMA \(check)") { $0.text(0) }
      for verdict in verdicts where verdict != "ok" { result.report("SQLite: \(verdict).") }
      // The others would only repeat it.
      guard result.isSound else { return }
    }
  }

  private mutating func checkLog() throws(SQLiteFailure) {
    let indexes = IndexVerification(connection, hasPostings: schema > 1)
    var log = LogVerification(
      connection, try indexes.lanes(), hasChecksums: schema >= Schema.checksumVersion)
    let end = max(try connection.logEnd().position, 1)
    try log.run(into: &result) { [work] position in
      if position & 0xFFF == 0 { work.show(Double(position) / Double(end)) }
    }
    try indexes.run(log.sums, into: &result)
  }

  private mutating func checkSubscribers() throws(SQLiteFailure) {
    let cursors = try connection.all("SELECT key, position, tag FROM subscriber WHERE position IS NOT NULL") { row in
      (key: row.text(0), position: LogPosition(position: row.integer(1), commitID: row.integer(2)))
    }
    for cursor in cursors where try !connection.isInHistory(cursor.position) {
      result.report("The cursor of subscriber \"\(cursor.key)\" is not in the log's history.")
    }
  }

  private mutating func checkSnapshots() throws(SQLiteFailure) {
    let table = SnapshotTable(connection: connection)
    let cursors = try connection.all("SELECT type, revision, id, position, tag FROM snapshot") { row in
      (
        key: SnapshotKey(type: row.text(0), revision: row.text(1), id: row.text(2)),
        position: LogPosition(position: row.integer(3), commitID: row.integer(4))
      )
    }
    for (key, position) in cursors {
      let name = "snapshot \(key.type) \(key.revision) \"\(key.id)\""
      if try !connection.isInHistory(position) { result.report("The cursor of \(name) is not in the log's history.") }
      guard schema >= Schema.checksumVersion else { continue }
      do throws(SQLiteFailure) {
        _ = try table.snapshot(key)
      } catch {
        guard error.damage != nil else { throw error }
        result.report("The \(name) does not have its checksum.")
      }
    }
  }
}
