internal import CSQLite
internal import Evento

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Error texts for a person who named a file: what happened to which file, and what to do.
extension SQLiteFailure {
  /// Returns the error for a database that can't be opened, read or prepared.
  func error(of path: String) -> EventoError {
    let cause = error.cause
    if isFull { return EventoError(.unavailable, "\(path) can't be written (\(message)). \(advice)", cause: cause) }
    switch primaryCode {
    case SQLITE_NOTADB:
      return EventoError(.invalidRequest, "\(path) is not a SQLite database. Name another file.", cause: cause)
    case SQLITE_CORRUPT:
      return EventoError(
        .internal, "\(path) is damaged (\(message)). Move it away, and restore its latest backup.", cause: cause)
    case SQLITE_BUSY where systemError != 0:
      return EventoError(.unavailable, "\(path) can't be locked (\(message)). \(advice)", cause: cause)
    case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL:
      return EventoError(
        .unavailable, "\(path) is locked by another process. Stop that process, or wait until it has finished.",
        cause: cause)
    case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY, SQLITE_AUTH:
      return EventoError(.unavailable, "\(path) can't be opened (\(message)). \(hint(path))", cause: cause)
    case SQLITE_IOERR, SQLITE_NOMEM:
      return EventoError(.unavailable, "\(path) can't be read or written (\(message)). \(advice)", cause: cause)
    default:
      return EventoError(error.code, "\(path) can't be used (\(message)).", cause: cause)
    }
  }

  /// The advice for the user.
  var advice: String {
    SystemErrorAdvice(systemError != 0 ? systemError : primaryCode == SQLITE_FULL ? ENOSPC : EIO)?.text ?? ""
  }

  /// Returns why a file can't be opened. SQLite does not report which of its files it is, and if opening for writing
  /// failed, reports only the error of opening for reading.
  private func hint(_ path: String) -> String {
    let resolved = DatabasePath.resolved(path)
    let folder = FileSystem.folder(of: DatabasePath.absolute(resolved) ?? resolved)
    guard FileSystem.isFolder(folder) else { return "There is no folder \(folder). Create it first." }
    if FileSystem.isLinkToNothing(path) { return "It is a link to a file that does not exist." }
    if let name = DatabasePath.tooLong(resolved) { return "Its name is too long: SQLite also needs \(name)." }
    if FileSystem.isReadOnly(folder) { return SystemErrorAdvice(EROFS)?.text ?? "" }
    switch systemError {
    case 0, EACCES, EPERM, ENOENT: break
    default: return advice
    }
    for beside in ["-wal", "-shm", "-journal"].map({ resolved + $0 }) where FileSystem.exists(beside) {
      guard access(beside, R_OK | W_OK) == 0 else {
        return "\(beside) can't be opened (\(String(cString: strerror(errno)))). Check its owner and permissions."
      }
    }
    return "Check the permissions of the file and of its folder \(folder)."
  }
}

extension EventoError {
  static func isFolder(_ path: String) -> EventoError {
    EventoError(
      .invalidRequest,
      "\(path) is a folder. Name a file in it, such as \(path.hasSuffix("/") ? path : path + "/")evento.sqlite.")
  }
}

/// The advice for a system error on a database's files.
struct SystemErrorAdvice {
  let text: String

  /// Returns the advice for an error.
  ///
  /// - Parameter error: An `errno`.
  /// - Returns: `nil` for 0.
  init?(_ error: Int32) {
    switch error {
    case 0: return nil
    case ENOSPC: text = "Free some space on its disk."
    case EDQUOT: text = "Free some space, or raise the disk quota."
    case EFBIG: text = "Raise the limit on the size of files (ulimit -f)."
    case EROFS: text = "Mount its file system for writing."
    case EMFILE: text = "Raise the limit on open files (ulimit -n)."
    case ENFILE: text = "Raise the system's limit on open files (fs.file-max)."
    case ENOLCK: text = "Put it on a local disk: its file system does not lock files."
    case EACCES, EPERM: text = "Check its permissions and those of its folder."
    case ENOMEM: text = "Give the process more memory."
    default: text = "Check its disk."
    }
  }
}
