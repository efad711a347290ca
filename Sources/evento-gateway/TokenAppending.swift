internal import EventoGateway
internal import Foundation

/// Appends lines to a token file on disk.
enum TokenAppending {
  /// Appends a line to the file, which is created with access only for its owner, and then calls `body`. If that
  /// throws, or if the line can't be written completely, the file is truncated to its old size.
  ///
  /// The file is locked meanwhile, so that two processes can't append the same name.
  ///
  /// - Throws: ``TokenAppendError`` if a gateway could not use the resulting file; the errors of `body`.
  static func append(_ line: String, name: String, to path: String, then body: () throws -> Void) throws {
    // Does not wait for the other end of a pipe.
    let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw fault(path, errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw fault(path, errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw TokenAppendError(description: "\(path) is not a regular file. Name another with --append.")
    }
    guard flock(descriptor, LOCK_EX) == 0 else { throw fault(path, errno) }
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
        throw fault(path, code)
      }
      guard fsync(descriptor) == 0 else { throw fault(path, errno) }
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

  private static func fault(_ path: String, _ code: Int32) -> TokenAppendError {
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
