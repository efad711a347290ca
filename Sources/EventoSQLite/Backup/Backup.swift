internal import CSQLite
internal import Evento

/// A consistent copy of a store, while others write to it.
///
/// By `VACUUM INTO` (https://sqlite.org/lang_vacuum.html#vacuuminto), which reads all in one transaction. SQLite's backup
/// interface in small steps begins anew at each commit of another process, and never ends beside one that writes.
enum Backup {
  static func make(of path: String, at target: String) throws -> SQLiteExecutor.Copy {
    guard !StoreFile.exists(target) else {
      throw EventoError(.invalidRequest, "\(target) is there already: name a file that is not, or remove it first.")
    }
    let source = try StoreFile.open(path)
    defer { source.close() }
    let partial = try PartialFile(of: target)
    do {
      try copy(source, to: partial.path, for: target)
      let result = try StoreFile.measure(partial.path)
      try partial.finish(permissions: StoreFile.permissions(ofCopyOf: path))
      return result
    } catch {
      partial.remove()
      throw error
    }
  }

  private static func copy(_ source: Connection, to path: String, for target: String) throws {
    do throws(SQLiteFailure) {
      try source.run("VACUUM INTO ?1", .text(path))
    } catch {
      throw EventoError(
        error.primaryCode == SQLITE_CORRUPT ? .internal : .unavailable,
        "\(target) can't be made (\(error.message)).", cause: error.error.cause)
    }
  }
}
