internal import CSQLite
internal import Evento

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What SQLite answered instead of doing what it was asked.
struct SQLiteFailure: Error {
  /// The extended result code: https://sqlite.org/rescode.html
  let code: Int32
  let message: String
  /// The statement, or what else was asked.
  let action: String

  init(code: Int32, message: String, action: String) {
    self.code = code
    self.message = message
    self.action = action
  }

  /// The last failure of a connection.
  init(_ database: OpaquePointer?, code: Int32, action: String) {
    if let systemError = Self.readError(database, code) {
      self.init(
        code: Self.readErrorCode,
        message: "the disk does not deliver a page (\(String(cString: strerror(systemError))))",
        action: action)
      return
    }
    let message = database.flatMap(sqlite3_errmsg) ?? sqlite3_errstr(code)
    self.init(code: code, message: message.map { String(cString: $0) } ?? "no message", action: action)
  }

  /// `SQLITE_IOERR_CORRUPTFS`, a macro that Swift does not import.
  private static let readErrorCode = SQLITE_IOERR | 33 << 8

  /// The error of the system, if it is the disk that failed to deliver a page: SQLite reports that as a damaged database
  /// (https://sqlite.org/rescode.html#ioerr_corruptfs). Unlike damage, it may pass.
  private static func readError(_ database: OpaquePointer?, _ code: Int32) -> Int32? {
    guard code & 0xFF == SQLITE_CORRUPT, let database else { return nil }
    var errors: [Int32] = [0, 0]
    // The last error of the system on the database, and on the write-ahead log:
    // https://sqlite.org/c3ref/c_fcntl_begin_atomic_write.html
    sqlite3_file_control(database, "main", SQLITE_FCNTL_LAST_ERRNO, &errors[0])
    var log: UnsafeMutablePointer<sqlite3_file>?
    sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log)
    if let log, let methods = log.pointee.pMethods {
      _ = methods.pointee.xFileControl?(log, SQLITE_FCNTL_LAST_ERRNO, &errors[1])
    }
    return errors.first { [EIO, ENXIO, ERANGE].contains($0) }
  }

  /// The class of the failure: the low byte of the extended code.
  var primaryCode: Int32 { code & 0xFF }

  /// Whether the file is not what it was, which neither time nor another try mends.
  var isDamage: Bool { primaryCode == SQLITE_CORRUPT || primaryCode == SQLITE_NOTADB }

  /// What a caller is told. The message and the statement go into the cause, which only a log shows.
  var error: EventoError {
    let cause = "SQLite answered \(code) (\(message)) to: \(action)"
    switch primaryCode {
    case SQLITE_FULL:
      return EventoError(.unavailable, "The store's disk is full: free some space, then send this again.", cause: cause)
    case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL:
      return EventoError(
        .unavailable, "Another program has held the database for too long: send this again in a moment.", cause: cause)
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
      return EventoError(
        .unavailable, "The database can't be written: check its permissions, and those of its folder.", cause: cause)
    case SQLITE_IOERR, SQLITE_NOMEM, SQLITE_CANTOPEN:
      return EventoError(
        .unavailable, "The database can't be reached just now: send this again in a moment.", cause: cause)
    case SQLITE_TOOBIG:
      return EventoError(
        .contentTooLarge, "A payload is larger than the database can hold: send less at once.", cause: cause)
    case SQLITE_CORRUPT, SQLITE_NOTADB:
      return EventoError(.internal, "The database is damaged: put its latest backup in its place.", cause: cause)
    default:
      return EventoError(.internal, "The store failed in a way that it should not.", cause: cause)
    }
  }
}
