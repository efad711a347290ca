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
    guard let database, [SQLITE_CORRUPT, SQLITE_IOERR].contains(code & 0xFF) else { return nil }
    // Of any failure of the disk, so that none is taken for the reason of a later one.
    let errors = [SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER].map { takeSystemError(database, $0) }
    return code & 0xFF == SQLITE_CORRUPT ? errors.first { [EIO, ENXIO, ERANGE].contains($0) } : nil
  }

  /// The last error of the system on the database file, or on its write-ahead log or journal; 0 for none. It is forgotten.
  ///
  /// A file keeps it until another error, or a read past its end, replaces it (`storeLastErrno` in
  /// https://sqlite.org/src/file/src/os_unix.c). Without such a read, damage that is found much later would count as a
  /// failure of the disk. If another version of SQLite keeps the error all the same, the next failure reports it again.
  ///
  /// - Parameter pointer: the file control that finds the file: https://sqlite.org/c3ref/c_fcntl_begin_atomic_write.html
  private static func takeSystemError(_ database: OpaquePointer, _ pointer: Int32) -> Int32 {
    var file: UnsafeMutablePointer<sqlite3_file>?
    sqlite3_file_control(database, "main", pointer, &file)
    // A file that is not open has no methods.
    guard let file, let methods = file.pointee.pMethods else { return 0 }
    var error: Int32 = 0
    _ = methods.pointee.xFileControl?(file, SQLITE_FCNTL_LAST_ERRNO, &error)
    guard error != 0 else { return 0 }
    var byte: UInt8 = 0
    _ = methods.pointee.xRead?(file, &byte, 1, .max / 2)
    return error
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
