internal import ArgumentParser
internal import EventoGateway
internal import Foundation

/// The token file on disk.
enum TokenFile {
  /// Returns the tokens of a file, or `nil` if none is named.
  ///
  /// - Parameter setting: The option or variable that named the file.
  /// - Throws: `ValidationError` if it can't be read, has an invalid line, or has no token. A file without tokens would
  ///   lock everyone out, and may be one that is still being written.
  static func read(_ path: String?, from setting: String) throws -> TokenSet? {
    guard let path else { return nil }
    let tokens: TokenSet
    do {
      tokens = try TokenSet(file: try text(of: path, from: setting))
    } catch let error as TokenFileError {
      throw ValidationError("The token file \"\(path)\" (\(setting)) can't be used: \(error).")
    }
    guard !tokens.entries.isEmpty else {
      throw ValidationError(
        "The token file \"\(path)\" (\(setting)) has no tokens. \(createOne(in: path))")
    }
    return tokens
  }

  private static func text(of path: String, from setting: String) throws -> String {
    let file = "The token file \"\(path)\" (\(setting))"
    // Does not wait for the other end of a pipe.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw readError(file, path, errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw readError(file, path, errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw ValidationError("\(file) is a folder. Name a file.")
    default: throw ValidationError("\(file) is not a regular file, which it must be to be read again at a SIGHUP.")
    }
    let data: Data
    do {
      data = try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).readToEnd() ?? Data()
    } catch {
      throw ValidationError("\(file) can't be read: \(error.localizedDescription)")
    }
    // A NUL is valid UTF-8, but text files contain none, unless they are UTF-16 or UTF-32.
    guard let text = String(validating: data, as: UTF8.self), !data.contains(0) else {
      throw ValidationError("\(file) is not UTF-8 text. Save it in UTF-8.")
    }
    return text
  }

  private static func readError(_ file: String, _ path: String, _ code: Int32) -> ValidationError {
    switch code {
    case ENOENT: ValidationError("\(file) does not exist. \(createOne(in: path))")
    case EACCES:
      ValidationError(
        "\(file) can't be read: permission denied. Let the gateway's user read the file and enter its folder.")
    default: ValidationError("\(file) can't be read: \(String(cString: strerror(code))).")
    }
  }

  private static func createOne(in path: String) -> String {
    "Create one with 'evento-gateway token create --role … --append \(path)'."
  }

  // MARK: Appending

  /// Appends a line to the file, which is created with access only for its owner, and then calls `body`. If that
  /// throws, or if the line can't be written completely, the file is truncated to its old size.
  ///
  /// The file is locked meanwhile, so that two processes can't append the same name.
  ///
  /// - Throws: ``TokenAppendError`` if a gateway could not use the resulting file; the errors of `body`.
  static func append(_ line: String, name: String, to path: String, then body: () throws -> Void) throws {
    // Does not wait for the other end of a pipe.
    let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw appendError(path, errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw appendError(path, errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw TokenAppendError(description: "\(path) is not a regular file. Name another with --append.")
    }
    guard flock(descriptor, LOCK_EX) == 0 else { throw appendError(path, errno) }
    let present: Data
    do {
      present = try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).readToEnd() ?? Data()
    } catch {
      throw TokenAppendError(description: "The token file \(path) can't be read.")
    }
    try check(present, takes: name, path)
    // The last line may have no line end, depending on the editor.
    let isWhole = present.last.map { $0 == UInt8(ascii: "\n") } ?? true
    do {
      if let code = writeAll(Array(((isWhole ? "" : "\n") + line + "\n").utf8), to: descriptor) {
        throw appendError(path, code)
      }
      guard fsync(descriptor) == 0 else { throw appendError(path, errno) }
      try body()
    } catch {
      guard ftruncate(descriptor, off_t(present.count)) == 0, fsync(descriptor) == 0 else {
        throw TokenAppendError(description: "\(error) Remove the last line of \(path), which may be incomplete.")
      }
      throw error
    }
  }

  private static func check(_ present: Data, takes name: String, _ path: String) throws {
    guard let text = String(validating: present, as: UTF8.self) else {
      throw TokenAppendError(description: "The token file \(path) is not UTF-8 text. Name another file.")
    }
    do {
      let tokens = try TokenSet(file: text)
      guard tokens.entries.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { return }
    } catch {
      throw TokenAppendError(description: "The token file \(path) can't be used: \(error). Correct that line first.")
    }
    throw TokenAppendError(
      description: "\(path) already has a token \"\(name)\". Choose another --name, or remove its line first.")
  }

  private static func appendError(_ path: String, _ code: Int32) -> TokenAppendError {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().relativePath
    guard code == ENOENT, !FileManager.default.fileExists(atPath: folder) else {
      return TokenAppendError(
        description: "The token file \(path) can't be written: \(String(cString: strerror(code))).")
    }
    return TokenAppendError(description: "The folder \(folder) does not exist. Create it first.")
  }
}

struct TokenAppendError: Error, CustomStringConvertible {
  let description: String
}
