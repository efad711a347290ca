internal import Evento

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The files of an open database: the database, its write-ahead log and the shared memory.
///
/// A process can write to a file that has been removed or replaced without an error, and the data is lost when the
/// process ends (https://sqlite.org/howtocorrupt.html §4.1 to §4.4). So the names are checked again and again.
struct OpenFiles {
  private struct Identity: Equatable {
    let device: UInt64
    let number: UInt64
  }

  /// The result of looking up a name.
  private enum Lookup: Equatable {
    case file(Identity)
    case nothing
    /// The system returned an error, which proves nothing.
    case unknown

    init(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else {
        self = errno == ENOENT || errno == ENOTDIR ? .nothing : .unknown
        return
      }
      self = .file(
        Identity(
          device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(truncatingIfNeeded: status.st_ino)))
    }
  }

  private let files: [(path: String, opened: Lookup)]
  /// The path by which the database was opened and its target, if it contains links.
  private let link: (path: String, opened: Lookup)?

  /// - Parameters:
  ///   - path: The database, with links resolved. A connection has read or written it, so that the other files exist.
  ///   - given: The path by which it was opened.
  init(_ path: String, openedAs given: String) {
    files = ["", "-wal", "-shm"].map { (path + $0, Lookup(path + $0)) }
    let name = DatabasePath.absolute(given)
    link = name.flatMap { $0 == path ? nil : ($0, Lookup($0)) }
  }

  /// Returns the change to the first file whose name no longer leads to it.
  ///
  /// - Complexity: three system calls; four if the database was opened through a link.
  func firstDisplaced() -> FileChange? {
    if let file = files.first(where: { Self.isDisplaced($0) }) { return .removed(file.path) }
    guard let link, Self.isDisplaced(link) else { return nil }
    return .relinked(link.path, opened: files[0].path)
  }

  private static func isDisplaced(_ file: (path: String, opened: Lookup)) -> Bool {
    let now = Lookup(file.path)
    return now != .unknown && now != file.opened
  }

  var databasePath: String { files[0].path }

  /// The path of the write-ahead log.
  var logPath: String { files[1].path }

  /// The size of the write-ahead log, in bytes.
  var logBytes: Int { FileSystem.size(logPath) }

  /// The size of the database file, in bytes.
  var databaseBytes: Int { FileSystem.size(databasePath) }

  /// The bytes that this process can still write to the database's file system; `nil` if unknown.
  var freeBytes: Int? { FileSystem.freeBytes(files[0].path) }
}

/// A change to a file of a store that has it open.
enum FileChange {
  /// The name does not exist any more, or leads to another file.
  case removed(String)
  /// The path by which the database was opened leads to another file.
  case relinked(String, opened: String)
  /// The file has fewer bytes than it must have.
  case truncated(String, bytes: Int, least: Int)

  /// True if a file does not have the content that the store has written. Then nothing more may be written, because
  /// that could mix two databases.
  var isOverwritten: Bool {
    switch self {
    case .removed, .relinked: false
    case .truncated: true
    }
  }

  var error: EventoError {
    switch self {
    case .removed(let file):
      EventoError(
        .unavailable,
        "A file of the store was removed or replaced while in use, so writes are refused. Move it back and restart, or read "
          + "the events and save them before you stop.",
        cause: file)
    case .relinked(let path, let opened):
      EventoError(
        .unavailable,
        "The database's path leads to another file than the one in use, so writes are refused. Point it back at that file, "
          + "then restart.",
        cause: "\(path) does not lead to \(opened) any more")
    case .truncated(let file, let bytes, let least):
      EventoError(
        .unavailable,
        "A file of the store was truncated or overwritten while in use, so writes are refused. Stop and restore the latest "
          + "backup, or first read and save the events that are still readable.",
        cause: "\(file) has \(bytes) bytes, but must have at least \(least)")
    }
  }
}
