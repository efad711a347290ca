internal import ArgumentParser
internal import EventoGateway
internal import Foundation

/// The token file on disk.
enum TokenSource {
  /// The tokens of a file; `nil` where none is named.
  ///
  /// - Throws: `ValidationError` where it can't be read, has a bad line, or has no token. A file without any would let
  ///   nobody in, and may be one that is just being written.
  static func read(_ path: String?) throws -> TokenSet? {
    guard let path else { return nil }
    let tokens: TokenSet
    do {
      tokens = try TokenSet(file: try text(of: path))
    } catch let error as TokenFileError {
      throw ValidationError("The token file \(path) can't be taken: \(error).")
    }
    guard !tokens.entries.isEmpty else {
      throw ValidationError(
        "The token file \(path) has no token in it, so that nobody could be let in: add a line that 'evento-gateway token "
          + "create' prints, or leave --token-file out.")
    }
    return tokens
  }

  /// Appends a line to the file, which is created for its owner alone.
  ///
  /// One write to a file that is open for appending: another that appends at the same time does not get in between.
  static func append(_ line: String, to path: String) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw fault(path) }
    defer { close(descriptor) }
    // The last line may have no end, as some editors leave it.
    var last = UInt8(ascii: "\n")
    let size = lseek(descriptor, 0, SEEK_END)
    if size > 0, pread(descriptor, &last, 1, size - 1) != 1 { throw fault(path) }
    let text = Array(((last == UInt8(ascii: "\n") ? "" : "\n") + line + "\n").utf8)
    guard write(descriptor, text, text.count) == text.count, fsync(descriptor) == 0 else { throw fault(path) }
  }

  private static func fault(_ path: String) -> TokenAppendError {
    TokenAppendError(description: "The token file \(path) can't be written: \(String(cString: strerror(errno))).")
  }

  private static func text(of path: String) throws -> String {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw ValidationError("The token file \(path) is a folder: name a file.")
    }
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw ValidationError("The token file \(path) can't be read: \(error.localizedDescription)")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw ValidationError("The token file \(path) is no text in UTF-8.")
    }
    return text
  }
}

struct TokenAppendError: Error, CustomStringConvertible {
  let description: String
}
