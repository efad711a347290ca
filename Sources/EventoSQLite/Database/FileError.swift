internal import CSQLite
internal import Evento

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a person who named a file is told about it: what happened to which file, and what to do.
extension SQLiteFailure {
  /// The error for a database that can't be opened, read or prepared.
  func error(of path: String) -> EventoError {
    let cause = error.cause
    switch primaryCode {
    case SQLITE_NOTADB:
      return EventoError(.invalidRequest, "\(path) is not a SQLite database. Name another file.", cause: cause)
    case SQLITE_CORRUPT:
      return EventoError(
        .internal, "\(path) is damaged (\(message)). Move it away, and restore its latest backup.", cause: cause)
    case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL:
      return EventoError(
        .unavailable, "\(path) is locked by another process. Stop that process, or wait until it has finished.",
        cause: cause)
    case SQLITE_FULL:
      return EventoError(.unavailable, "The disk of \(path) is full. Free some space.", cause: cause)
    case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY, SQLITE_AUTH:
      return EventoError(.unavailable, "\(path) can't be opened (\(message)). \(hint(path))", cause: cause)
    case SQLITE_IOERR, SQLITE_NOMEM:
      return EventoError(.unavailable, "\(path) can't be read or written (\(message)). Check its disk.", cause: cause)
    default:
      return EventoError(error.code, "\(path) can't be used (\(message)).", cause: cause)
    }
  }

  private func hint(_ path: String) -> String {
    let folder = FileSync.folder(of: path)
    return StoreFile.isFolder(folder)
      ? "Check the permissions of the file and of its folder \(folder)."
      : "There is no folder \(folder): create it first."
  }
}

extension EventoError {
  static func isFolder(_ path: String) -> EventoError {
    EventoError(
      .invalidRequest,
      "\(path) is a folder. Name a file in it, such as \(path.hasSuffix("/") ? path : path + "/")evento.sqlite.")
  }
}
