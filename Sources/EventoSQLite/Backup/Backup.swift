internal import CSQLite
internal import Evento
internal import EventoStorage

/// A consistent copy of a store that other processes may be writing to.
///
/// Made by `VACUUM INTO` (https://sqlite.org/lang_vacuum.html#vacuuminto), which reads all in one transaction. SQLite's
/// backup interface, in small steps, starts again at each commit of another process, and never ends if that process
/// keeps writing.
enum Backup {
  static func make(of path: String, at target: String, _ work: CancellableWork) throws -> SQLiteExecutor.Copy {
    guard !FileSystem.exists(target) || FileSystem.isFolder(target) else {
      throw EventoError(.invalidRequest, "\(target) already exists. Choose another name, or remove it first.")
    }
    try DatabasePath.check(target)
    let source = try DatabaseFile.openForReading(path)
    defer { source.close() }
    let partial = try PartialFile(of: target)
    do {
      try copy(source, to: partial.path, for: target, work)
      let result = try check(partial.path, against: source, path, work)
      try partial.finish(permissions: DatabaseFile.permissions(ofCopyOf: path))
      return result
    } catch {
      partial.remove()
      throw error
    }
  }

  /// Verifies a copy. A damaged store can have a copy that SQLite finds nothing wrong with, but that lacks some rows.
  ///
  /// - Throws: `internal` if the store is damaged.
  private static func check(
    _ copy: String, against source: Connection, _ path: String, _ work: CancellableWork
  ) throws -> SQLiteExecutor.Copy {
    let connection = try DatabaseFile.look(at: copy)
    defer { connection.close() }
    let result: Verification
    do {
      result = try StoreVerification(connection, path: copy, work).run()
    } catch let failure as SQLiteFailure where work.isCancelled {
      throw EventoError(.unavailable, "Cancelled. No copy was made.", cause: failure.error.cause, isTransient: false)
    }
    guard let finding = result.findings.first else {
      return SQLiteExecutor.Copy(events: result.events, bytes: FileSystem.size(copy))
    }
    throw EventoError(
      .internal,
      "\(path) is damaged, so no copy was made: \(finding) Keep its earlier backups, and run `evento-gateway verify` on it "
        + "for the rest.")
  }

  private static func copy(_ source: Connection, to path: String, for target: String, _ work: CancellableWork) throws {
    do throws(SQLiteFailure) {
      let pages = try source.integer("PRAGMA page_count") ?? 0
      let unused = try source.integer("PRAGMA freelist_count") ?? 0
      let expected = max(Double((pages - unused) * (try source.integer("PRAGMA page_size") ?? 0)), 1)
      source.setWork(work) { work.show(min(Double(FileSystem.size(path)) / expected, 1)) }
      defer { source.setWork(nil) }
      try source.run("VACUUM INTO ?1", .text(DatabasePath.forSQLite(path)))
    } catch {
      guard !work.isCancelled else { throw EventoError.cancelled("\(target) was not created.") }
      throw EventoError(
        error.primaryCode == SQLITE_CORRUPT ? .internal : .unavailable,
        "\(target) can't be created (\(error.message)).", cause: error.error.cause)
    }
  }
}
