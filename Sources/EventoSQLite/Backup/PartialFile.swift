internal import Evento

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file under another name until it is whole, so that half of it never looks like all of it.
struct PartialFile {
  let path: String
  private let target: String

  /// Makes it, empty, beside the target. Nobody else may read it before it is whole.
  ///
  /// - Throws: `unavailable`.
  init(of target: String) throws(EventoError) {
    self.target = target
    path = "\(target).partial-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure(target) }
    close(descriptor)
  }

  /// Gives it its permissions, syncs it, gives it its name, where nothing has that, and syncs the folder. `VACUUM INTO`
  /// leaves the syncing to its caller.
  ///
  /// - Throws: `unavailable`; `invalid_request` where the target is there by now.
  func finish(permissions: mode_t) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure(target) }
    defer { close(descriptor) }
    guard fchmod(descriptor, permissions) == 0, FileSync.sync(descriptor) else { throw Self.failure(target) }
    // Unlike a renamed file, a linked one never takes the place of another.
    if link(path, target) == 0 {
      unlink(path)
    } else if errno == EEXIST || StoreFile.exists(target) {
      throw EventoError(.invalidRequest, "\(target) has been made by somebody else at the same time.")
    } else if rename(path, target) != 0 {  // Some file systems have no links.
      throw Self.failure(target)
    }
    do throws(SQLiteFailure) {
      try FileSync.sync(folderOf: target)
    } catch {
      throw EventoError(.unavailable, "\(target) is made, and may be gone after a power failure: \(error.message).")
    }
  }

  func remove() {
    // Either may be gone, which is what is wanted.
    unlink(path)
    unlink(path + "-journal")
  }

  private static func failure(_ target: String) -> EventoError {
    EventoError(.unavailable, "\(target) can't be made: \(String(cString: strerror(errno))).")
  }
}
