internal import HTTPServer

/// The output of a stream: as it is, or compressed. Each piece can be decompressed as soon as it arrives, so that no
/// event is held back.
struct StreamOutput {
  private let writer: BodyWriter
  private let compressor: Compressor?
  private var member = GzipMember()

  /// - Parameter compressor: `nil` if the client does not ask for compression.
  init(_ writer: BodyWriter, _ compressor: Compressor?) {
    self.writer = writer
    self.compressor = compressor
  }

  /// Writes bytes to the client, and waits until there is capacity for more: ``BodyWriter/write(_:unreadBytes:)``.
  mutating func write(_ bytes: consuming [UInt8], unreadBytes: Int = 0) async throws {
    guard let compressor, !bytes.isEmpty else {
      return try await writer.write(consume bytes, unreadBytes: unreadBytes)
    }
    try await writer.write(compress(consume bytes, isLast: false, compressor), unreadBytes: unreadBytes)
  }

  /// Writes the end of the body.
  mutating func finish() async throws {
    guard let compressor else { return }
    try await writer.write(compress([], isLast: true, compressor))
  }

  private mutating func compress(
    _ bytes: consuming [UInt8], isLast: Bool, _ compressor: Compressor
  ) async -> [UInt8] {
    let (output, member) = await compressor.compress(consume bytes, of: member, isLast: isLast)
    self.member = member
    return output
  }
}
