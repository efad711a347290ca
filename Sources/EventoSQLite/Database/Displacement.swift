internal import Evento

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
