/// What has come in of an answer so far.
struct ReceivedAnswer {
  private let limit: Int
  private(set) var body: [UInt8] = []
  private(set) var isTooLarge = false
  private(set) var isHeadTooLarge = false
  /// Whether the empty line behind the head of the last answer (the final one, at the end) has come.
  private(set) var isHeadComplete = false
  private var headerBytes = 0

  /// - Parameter limit: bytes that the body may have.
  init(limit: Int) {
    self.limit = limit
  }

  /// Takes a piece of the body.
  ///
  /// - Returns: whether to go on.
  mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= limit - body.count else {
      isTooLarge = true
      return false
    }
    body.append(contentsOf: bytes)
    return true
  }

  /// Takes a line of a head: that of an interim answer (RFC 9110 §15.2), that of the final one, or a trailer.
  ///
  /// - Returns: whether to go on.
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
