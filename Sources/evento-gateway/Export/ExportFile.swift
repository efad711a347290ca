internal import Evento
internal import EventoSQLite
internal import Foundation

/// The file of an export, which gets its name when it is complete and on disk.
final class ExportFile: Sendable {
  private let path: String
  private let partial: PartialFile
  private let queue = DispatchQueue(label: "export file")

  /// Only its owner can read it: it has the content of a store.
  private static let permissions: mode_t = 0o600

  /// - Throws: `invalid_request` if the file exists; `unavailable`.
  init(_ path: String) throws {
    guard !FileManager.default.fileExists(atPath: path) else {
      throw EventoError(.invalidRequest, "\(path) already exists. Choose another name, or remove it first.")
    }
    self.path = path
    partial = try PartialFile(of: path)
  }

  func write(_ bytes: [UInt8]) async throws {
    try await onQueue { [self] () throws(EventoError) in
      guard let code = writeAll(bytes, to: partial.descriptor) else { return }
      throw EventoError(.unavailable, "\(path) can't be written: \(String(cString: strerror(code))).")
    }
  }

  func finish() async throws {
    try await onQueue { [self] () throws(EventoError) in try partial.finish(permissions: Self.permissions) }
  }

  func remove() {
    partial.remove()
  }

  /// A slow disk blocks only this queue's thread.
  private func onQueue(_ work: @escaping @Sendable () throws(EventoError) -> Void) async throws {
    let result: Result<Void, EventoError> = await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: Result { () throws(EventoError) in try work() }) }
    }
    try result.get()
  }
}
