/// The part of a response received so far.
struct ReceivedAnswer {
  private let limit: Int
  private(set) var body: [UInt8] = []
  private(set) var isTooLarge = false
  private(set) var isHeadTooLarge = false
  /// True if the empty line after the last head (at the end, that of the final response) has arrived.
  private(set) var isHeadComplete = false
  private var headerBytes = 0

  /// - Parameter limit: The maximum size of the body, in bytes.
  init(limit: Int) {
    self.limit = limit
  }

  /// Adds a piece of the body.
  ///
  /// - Returns: True to continue.
  mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= limit - body.count else {
      isTooLarge = true
      return false
    }
    body.append(contentsOf: bytes)
    return true
  }

  /// Adds a line of a head: an interim response's (RFC 9110 §15.2), the final one's, or a trailer.
  ///
  /// - Returns: True to continue.
  mutating func readHeader(_ line: UnsafeRawBufferPointer) -> Bool {
    headerBytes += line.count
    guard headerBytes <= TransferOptions.headerBytes else {
      isHeadTooLarge = true
      return false
    }
    if line.starts(with: "HTTP/".utf8) {
      isHeadComplete = false
    } else if line.elementsEqual("\r\n".utf8) || line.elementsEqual("\n".utf8) {
      isHeadComplete = true
    }
    return true
  }
}
