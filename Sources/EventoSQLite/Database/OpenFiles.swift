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
/// A process goes on writing to a file that has been removed or replaced, without an error, and all of it is gone with the
/// process (https://sqlite.org/howtocorrupt.html §4.1 to §4.4). So the names are looked up again.
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
  func firstDisplaced() -> Displacement? {
    if let file = files.first(where: { Self.isDisplaced($0) }) { return .gone(file.path) }
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

  /// Bytes of the write-ahead log.
  var logBytes: Int { FileSystem.size(logPath) }

  /// The bytes that this process can still write to the database's file system; `nil` if unknown.
  var freeBytes: Int? { FileSystem.freeBytes(files[0].path) }
}

/// What has happened to a file of a store while the store has it open.
enum Displacement {
  /// Its name leads to nothing, or to another file.
  case gone(String)
  /// The path by which the database was opened leads to another file.
  case relinked(String, opened: String)
  /// It has fewer bytes than it must have.
  case cut(String, bytes: Int, least: Int)

  /// Whether the content of a file is not what the store has written to it. Then nothing more is to be written, for that
  /// could mix two databases.
  var isOverwritten: Bool {
    switch self {
    case .gone, .relinked: false
    case .cut: true
    }
  }

  var error: EventoError {
    switch self {
    case .gone(let file):
      EventoError(
        .unavailable,
        "\(file) was removed or replaced while the store has it open. Writes are refused: move the file back and restart, "
          + "or copy the events out by reading them before you stop.")
    case .relinked(let path, let opened):
      EventoError(
        .unavailable,
        "\(path) leads to another file than \(opened), which the store has open. Writes are refused: point it back at that "
          + "file, then restart.")
    case .cut(let file, let bytes, let least):
      EventoError(
        .unavailable,
        "\(file) was cut or written over while the store has it open: it has \(bytes) bytes, and must have \(least). Writes "
          + "are refused: copy the events out by reading them, as far as that works, or stop and restore the latest backup."
      )
    }
  }
}
