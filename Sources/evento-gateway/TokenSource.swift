internal import ArgumentParser
internal import EventoGateway
internal import Foundation

/// The token file on disk.
enum TokenSource {
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
    guard descriptor >= 0 else { throw fault(file, path, errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw fault(file, path, errno) }
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

  private static func fault(_ file: String, _ path: String, _ code: Int32) -> ValidationError {
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
}
