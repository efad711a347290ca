package import Evento

#if canImport(Glibc)
  package import Glibc
#elseif canImport(Musl)
  package import Musl
#else
  package import Darwin
#endif

/// A file under a temporary name until it is complete, so that an incomplete file never looks complete.
///
/// File descriptors hold the file and its folder from beginning to end. Only SQLite writes to it by its path: before
/// the file is renamed, the path must still lead to it.
package struct PartialFile: ~Copyable, Sendable {
  let path: String
  private let target: String
  private let folder: Int32
  private let file: Int32
  /// The file, open for writing until this value is gone.
  package var descriptor: Int32 { file }
  /// The names of both in the folder.
  private let partialName: String
  private let targetName: String

  /// Creates the file, empty, next to the target. Only its owner can read it until it is complete.
  ///
  /// - Throws: `unavailable`.
  package init(of target: String) throws(EventoError) {
    let path = "\(target).partial-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    let partialName = Self.name(path)
    let folder = open(FileSystem.folder(of: target), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else {
      guard errno == ENOENT else { throw Self.failure(target) }
      throw EventoError(.unavailable, "There is no folder \(FileSystem.folder(of: target)). Create it first.")
    }
    let file = openat(folder, partialName, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      let failure = Self.failure(target)
      close(folder)
      throw failure
    }
    self.path = path
    self.target = target
    self.folder = folder
    self.file = file
    self.partialName = partialName
    targetName = Self.name(target)
  }

  deinit {
    close(file)
    close(folder)
  }

  /// Sets its permissions, syncs it, gives it the target's name unless that exists, and syncs the folder. `VACUUM INTO`
  /// does not sync.
  ///
  /// - Throws: `unavailable`; `invalid_request` if the target exists by now.
  package func finish(permissions: mode_t) throws(EventoError) {
    guard isAt(partialName) else {
      throw EventoError(.unavailable, "\(target) can't be created: another file has replaced \(path).")
    }
    guard fchmod(file, permissions) == 0, FileSystem.sync(file) else { throw Self.failure(target) }
    // Unlike a rename, a link never replaces another file.
    if linkat(folder, partialName, folder, targetName, 0) == 0 {
      unlinkat(folder, partialName, 0)
    } else if errno == EEXIST || exists(targetName) {
      throw EventoError(
        .invalidRequest, "\(target) was created by another process at the same time. Choose another name.")
    } else if renameat(folder, partialName, folder, targetName) != 0 {  // Some file systems have no links.
      throw Self.failure(target)
    }
    guard FileSystem.sync(folder) else {
      throw EventoError(
        .unavailable,
        "\(target) was created, but may be lost in a power failure: \(String(cString: strerror(errno))).")
    }
  }

  package func remove() {
    // Either may be gone already.
    unlinkat(folder, partialName, 0)
    unlinkat(folder, partialName + "-journal", 0)
  }

  /// Returns whether the name leads to the created file.
  private func isAt(_ name: String) -> Bool {
    var (own, found) = (stat(), stat())
    guard fstat(file, &own) == 0, fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) == 0 else { return false }
    return own.st_dev == found.st_dev && own.st_ino == found.st_ino
  }

  private func exists(_ name: String) -> Bool {
    var status = stat()
    return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0
  }

  private static func name(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  private static func failure(_ target: String) -> EventoError {
    EventoError(.unavailable, "\(target) can't be created: \(String(cString: strerror(errno))).")
  }
}
