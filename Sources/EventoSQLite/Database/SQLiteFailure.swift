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

/// An error of SQLite.
struct SQLiteFailure: Error {
  /// The extended result code: https://sqlite.org/rescode.html
  let code: Int32
  let message: String
  /// The statement or other operation.
  let action: String

  /// The system's error (`errno`) behind it; 0 if there is none or it is unknown.
  let systemError: Int32

  /// The damage, if a reader of the store has found it, and not SQLite.
  let damage: Damage?

  init(code: Int32, message: String, action: String, systemError: Int32 = 0, damage: Damage? = nil) {
    self.code = code
    self.message = message
    self.action = action
    self.systemError = systemError
    self.damage = damage
  }

  /// Creates the error of damage that SQLite has not noticed.
  init(_ damage: Damage) {
    self.init(code: SQLITE_CORRUPT, message: damage.summary, action: "read the store", damage: damage)
  }

  /// Creates the error of a connection's last operation.
  init(_ database: OpaquePointer?, code: Int32, action: String) {
    let systemError = Self.systemError(database, code)
    if code & 0xFF == SQLITE_CORRUPT, [EIO, ENXIO, ERANGE].contains(systemError) {
      // SQLite reports it as a damaged database (https://sqlite.org/rescode.html#ioerr_corruptfs). Unlike damage, it
      // may be transient.
      self.init(
        code: Self.readErrorCode,
        message: "the disk can't read a page (\(Self.text(systemError)))", action: action,
        systemError: systemError)
      return
    }
    let message = (database.flatMap(sqlite3_errmsg) ?? sqlite3_errstr(code)).map { String(cString: $0) } ?? "no message"
    guard code & 0xFF != SQLITE_CORRUPT, systemError != 0 else {
      self.init(code: code, message: message, action: action)
      return
    }
    self.init(
      code: code, message: "\(message): \(Self.text(systemError))", action: action, systemError: systemError)
  }

  /// `SQLITE_IOERR_CORRUPTFS`, a macro that Swift does not import.
  private static let readErrorCode = SQLITE_IOERR | 33 << 8

  /// `SQLITE_IOERR_SHORT_READ` and `SQLITE_IOERR_NOMEM`, which have no system call behind them.
  private static let tellNoSystemError = [SQLITE_IOERR | 2 << 8, SQLITE_IOERR | 12 << 8]

  private static func text(_ systemError: Int32) -> String {
    String(cString: strerror(systemError))
  }

  private static func systemError(_ database: OpaquePointer?, _ code: Int32) -> Int32 {
    // Read first: SQLite reports this one only as "locked", and does not record it.
    let current = errno
    guard let database else { return 0 }
    switch code & 0xFF {
    case SQLITE_BUSY: return current == ENOLCK ? ENOLCK : 0
    case SQLITE_FULL, SQLITE_IOERR, SQLITE_CORRUPT:
      // Taken for every disk error, so that none is reported as the reason of a later one.
      let errors = [SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER].map { takeSystemError(database, $0) }
      // A full disk is the reason, and an earlier error had another one.
      if code == SQLITE_FULL { return 0 }
      if let error = errors.first(where: { $0 != 0 }) { return error }
      return code & 0xFF == SQLITE_IOERR && !tellNoSystemError.contains(code) ? sqlite3_system_errno(database) : 0
    case SQLITE_CANTOPEN:
      let error = sqlite3_system_errno(database)
      // If SQLite can't create a file for writing, it tries to read it, and reports that error.
      return error == ENOENT ? 0 : error
    default: return 0
    }
  }

  /// Returns and resets the last system error of the database file, or its write-ahead log or journal; 0 for none.
  ///
  /// A file keeps it until another error, or a read past its end, replaces it (`storeLastErrno` in
  /// https://sqlite.org/src/file/src/os_unix.c). Without such a read, damage found much later would look like a disk
  /// error. If another version of SQLite keeps it nevertheless, the next error reports it again.
  ///
  /// - Parameter pointer: The file control that returns the file:
  ///   https://sqlite.org/c3ref/c_fcntl_begin_atomic_write.html
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

  /// The primary result code: the low byte of the extended one.
  var primaryCode: Int32 { code & 0xFF }

  /// True if the file is damaged, which neither time nor a retry repairs.
  var isDamage: Bool { primaryCode == SQLITE_CORRUPT || primaryCode == SQLITE_NOTADB }

  /// True if another connection holds a lock.
  var isBusy: Bool { primaryCode == SQLITE_BUSY }

  /// True if a file could not be synced (`SQLITE_IOERR_FSYNC`, a macro that Swift does not import).
  var isFailedSync: Bool { code == SQLITE_IOERR | 4 << 8 }

  /// True if a commit that ended with this error may be complete in the write-ahead log, so that the next start finds it
  /// there: its last page was written, and what failed came after it. That page is missing if a write failed
  /// (`SQLITE_IOERR_WRITE`) or found no room.
  var mayHaveCommitted: Bool { primaryCode == SQLITE_IOERR && code != SQLITE_IOERR | 3 << 8 }

  /// True if there is no room for the write.
  var isFull: Bool {
    primaryCode == SQLITE_FULL || [ENOSPC, EDQUOT, EFBIG].contains(systemError) && primaryCode == SQLITE_IOERR
  }

  /// The error for a caller. The message and the statement go into the cause, which only a log shows.
  var error: EventoError {
    let cause = "SQLite returned \(code) (\(message)) for: \(action)"
    if let advice = SystemErrorAdvice(systemError), [SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_BUSY].contains(primaryCode) {
      return EventoError(
        .unavailable,
        "The database can't be \(primaryCode == SQLITE_BUSY ? "locked" : "read or written") "
          + "(\(Self.text(systemError))). \(advice.text)", cause: cause)
    }
    switch primaryCode {
    case SQLITE_FULL:
      return EventoError(.unavailable, "The store's disk is full. Free some space, then retry.", cause: cause)
    case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL:
      return EventoError(
        .unavailable, "Another program has locked the database for too long. Retry shortly.", cause: cause)
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
      return EventoError(
        .unavailable,
        "The database can't be written (\(message)). Check its permissions, those of its folder, and how its file system "
          + "is mounted.", cause: cause)
    case SQLITE_IOERR, SQLITE_NOMEM, SQLITE_CANTOPEN:
      return EventoError(
        .unavailable, "The database can't be read or written right now. Retry shortly.", cause: cause)
    case SQLITE_TOOBIG:
      return EventoError(
        .contentTooLarge, "A payload is larger than the database can hold. Send less at once.", cause: cause)
    case SQLITE_CORRUPT, SQLITE_NOTADB:
      return damage?.error(cause: cause) ?? .damaged(cause: cause)
    default:
      return .unexpected(cause: cause)
    }
  }
}
