/// Puts a body into chunks (RFC 9112 §7.1).
enum ChunkedEncoder {
  /// The chunk that ends a body, with no trailers.
  static let end = Array("0\r\n\r\n".utf8)

  /// Appends a chunk. One of no bytes would end the body, so that it is left out.
  static func append(_ bytes: [UInt8], to output: inout OutputQueue) {
    guard !bytes.isEmpty else { return }
    output.append { output in
      Decimal.append(UInt(bytes.count), radix: 16, to: &output)
      output.append(13)
      output.append(10)
    }
    output.append(bytes)
    output.append([13, 10])
  }
}
