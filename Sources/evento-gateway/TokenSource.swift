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
