internal import Evento

/// A change to a file of a store that has it open.
enum Displacement {
  /// The name does not exist any more, or leads to another file.
  case gone(String)
  /// The path by which the database was opened leads to another file.
  case relinked(String, opened: String)
  /// The file has fewer bytes than it must have.
  case cut(String, bytes: Int, least: Int)

  /// True if a file does not have the content that the store has written. Then nothing more may be written, because
  /// that could mix two databases.
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
        "A file of the store was removed or replaced while in use, so writes are refused. Move it back and restart, or read "
          + "the events and save them before you stop.",
        cause: file)
    case .relinked(let path, let opened):
      EventoError(
        .unavailable,
        "The database's path leads to another file than the one in use, so writes are refused. Point it back at that file, "
          + "then restart.",
        cause: "\(path) does not lead to \(opened) any more")
    case .cut(let file, let bytes, let least):
      EventoError(
        .unavailable,
        "A file of the store was truncated or overwritten while in use, so writes are refused. Stop and restore the latest "
          + "backup, or first read and save the events that are still readable.",
        cause: "\(file) has \(bytes) bytes, but must have at least \(least)")
    }
  }
}
