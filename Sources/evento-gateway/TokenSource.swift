internal import ArgumentParser
internal import EventoGateway
internal import Foundation

/// The token file on disk.
enum TokenSource {
  /// The tokens of a file; `nil` if none is named.
  ///
  /// - Parameter setting: the option or the variable that named the file.
  /// - Throws: `ValidationError` where it can't be read, has a bad line, or has no token. A file without any would let
  ///   nobody in, and may be one that is just being written.
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

  /// Appends a line to the file, which is created for its owner alone.
  ///
  /// The file is locked meanwhile, so that two that append at the same time can't both use one name.
  ///
  /// - Throws: ``TokenAppendError`` if a gateway could not use the file then, which is left as it is.
  static func append(_ line: String, name: String, to path: String) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw fault(path) }
    defer { close(descriptor) }
    guard flock(descriptor, LOCK_EX) == 0 else { throw fault(path) }
    let present: Data
    do {
      present = try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).readToEnd() ?? Data()
    } catch {
      throw TokenAppendError(description: "The token file \(path) can't be read.")
    }
    try check(present, takes: name, path)
    // The last line may have no end, as some editors leave it.
    let isWhole = present.last.map { $0 == UInt8(ascii: "\n") } ?? true
    let text = Array(((isWhole ? "" : "\n") + line + "\n").utf8)
    guard write(descriptor, text, text.count) == text.count, fsync(descriptor) == 0 else { throw fault(path) }
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

  private static func fault(_ path: String) -> TokenAppendError {
    let code = errno
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().relativePath
    guard code == ENOENT, !FileManager.default.fileExists(atPath: folder) else {
      return TokenAppendError(
        description: "The token file \(path) can't be written: \(String(cString: strerror(code))).")
    }
    return TokenAppendError(description: "There is no folder \(folder): create it first.")
  }

  private static func text(of path: String, from setting: String) throws -> String {
    let file = "The token file \"\(path)\" (\(setting))"
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw ValidationError("\(file) does not exist. \(createOne(in: path))")
    }
    guard !isFolder.boolValue else { throw ValidationError("\(file) is a folder. Name a file.") }
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw ValidationError("\(file) can't be read. Check that the gateway's user may read it.")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw ValidationError("\(file) is not UTF-8 text.")
    }
    return text
  }

  private static func createOne(in path: String) -> String {
    "Create one with 'evento-gateway token create --role … --append \(path)'."
  }
}

struct TokenAppendError: Error, CustomStringConvertible {
  let description: String
}
