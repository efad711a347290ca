internal import ByteCoding

/// Puts a body into chunks (RFC 9112 §7.1).
enum ChunkedEncoder {
  /// The chunk that ends a body, with no trailers.
  static let end = Array("0\r\n\r\n".utf8)

  /// Appends a chunk. One of no bytes would end the body, so that it is left out.
  static func append(_ content: OutputQueue, to output: inout OutputQueue) {
    guard !content.isEmpty else { return }
    output.append { output in
      output.append(hex: UInt(content.count))
      output.append(13)
      output.append(10)
    }
    output.append(content)
    output.append([13, 10])
  }
}
