internal import ByteCoding
internal import Evento
internal import EventoWire

/// Writes the lines of an export in batches, each of which ends with a check.
struct ExportOutput {
  private let write: @Sendable ([UInt8]) async throws -> Void
  private var batch = JSONWriter()
  private var lines = 0
  private var digest = SHA256()
  private(set) var counts = ExportCheck()

  /// The limits of a batch: a reader holds one in memory, and writes its events at once. A batch ends with the line that
  /// reaches one of them.
  static let batchLines = 1000
  static let batchBytes = 4 << 20

  /// - Parameter write: Called with each batch.
  init(_ write: @escaping @Sendable ([UInt8]) async throws -> Void) {
    self.write = write
  }

  mutating func begin(_ header: ExportHeader) {
    batch.write(json: header.line)
  }

  mutating func add(_ line: ExportLine) async throws {
    line.append(to: &batch)
    switch line {
    case .event: counts.events += 1
    case .subscriber: counts.subscribers += 1
    case .snapshot: counts.snapshots += 1
    }
    lines += 1
    if lines == Self.batchLines || batch.count >= Self.batchBytes { try await finish(.check) }
  }

  mutating func end() async throws {
    try await finish(.end)
  }

  private mutating func finish(_ kind: ExportCheck.Kind) async throws {
    var bytes = batch.take()
    bytes.withUnsafeBytes { digest.update($0) }
    let check = counts.line(kind, digest: digest.digest)
    check.withUnsafeBytes { digest.update($0) }
    bytes += check
    lines = 0
    try await write(bytes)
  }
}
