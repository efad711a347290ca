internal import ArgumentParser
internal import EventoGateway
internal import Foundation

/// The token file on disk.
enum TokenSource {
  /// The tokens of a file; `nil` where none is named.
  static func read(_ path: String?) throws -> TokenSet? {
    guard let path else { return nil }
    let text: String
    do {
      text = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw ValidationError("The token file \(path) can't be read: \(error.localizedDescription)")
    }
    do {
      return try TokenSet(file: text)
    } catch {
      throw ValidationError("The token file \(path) can't be taken: \(error).")
    }
  }
}
