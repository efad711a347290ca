internal import Evento

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The path of a database file, as the user gives it: always the plain name of a file.
enum DatabasePath {
  /// Returns the name that makes SQLite open a path as a plain file. Some names have a special meaning: `file:…` is a
  /// URI if the library was compiled that way, like Debian's (https://sqlite.org/uri.html), and `:memory:` is not a
  /// file (https://sqlite.org/inmemorydb.html).
  static func forSQLite(_ path: String) -> String {
    path.hasPrefix("file:") || path.hasPrefix(":") ? "./" + path : path
  }

  /// Returns a URI for a file that no process changes: https://sqlite.org/uri.html#uriimmutable
  static func immutableURI(_ path: String) -> String {
    var text = path.hasPrefix("/") ? "file://" : "file:"
    for scalar in path.unicodeScalars {
      switch scalar {
      case "%": text += "%25"
      case "?": text += "%3F"
      case "#": text += "%23"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "?immutable=1"
  }

  /// Returns the path with all links followed, next to which SQLite keeps its other files; the path itself if it does
  /// not exist.
  static func resolved(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Returns the absolute path, with links unresolved; `nil` if the current folder is gone.
  static func absolute(_ path: String) -> String? {
    guard !path.hasPrefix("/") else { return path }
    guard let folder = getcwd(nil, 0) else { return nil }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
  }

  /// Checks that the path can be the name of a database file.
  ///
  /// - Throws: `invalid_request` if not.
  static func check(_ path: String) throws(EventoError) {
    guard !path.isEmpty else { throw refused("The path of the file is empty. Name a file.") }
    guard !path.utf8.contains(0) else { throw refused("The path \(path) contains a NUL. Name another file.") }
    // Swift decodes arguments and environment variables with this character, which would be the name of another file.
    guard !path.unicodeScalars.contains("\u{FFFD}") else {
      throw refused("\(path) contains bytes that are not UTF-8 (shown as \u{FFFD}). Rename the file or the folder.")
    }
    var status = stat()
    guard stat(path, &status) == 0 else {
      guard path.hasSuffix("/") else { return }
      throw refused("\(path) ends with a slash, like the name of a folder. Name a file.")
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: throw EventoError.isFolder(path)
    default: throw refused("\(path) is a device, a pipe or a socket, not a file. Name a file.")
    }
  }

  /// Returns the suffix that SQLite adds to the path of a database for a file of its own, if that makes the name too
  /// long.
  ///
  /// - Parameter path: A path with its links followed.
  static func tooLong(_ path: String) -> String? {
    // `MAX_PATHNAME` in https://sqlite.org/src/file/src/os_unix.c, and `NAME_MAX`.
    let addition = "-journal"
    let name = path.split(separator: "/").last ?? ""
    guard
      name.utf8.count + addition.utf8.count > 255 || (absolute(path) ?? path).utf8.count + addition.utf8.count > 512
    else { return nil }
    return "a file with \"\(addition)\" behind that name, of at most 255 bytes, and 512 with its folders"
  }

  private static func refused(_ detail: String) -> EventoError {
    EventoError(.invalidRequest, detail)
  }
}
