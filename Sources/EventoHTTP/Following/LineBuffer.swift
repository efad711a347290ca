/// Splits received bytes into lines.
struct LineBuffer {
  private let limit: Int
  private var bytes: [UInt8] = []
  /// The start of the remaining lines.
  private var start = 0
  /// The end of the part that has no line end.
  private var searched = 0

  /// - Parameter limit: The maximum size of a line, in bytes.
  init(limit: Int) {
    self.limit = limit
  }

  /// True if the incomplete line is longer than the limit.
  var isTooLong: Bool { bytes.count - start > limit }

  mutating func append(_ new: [UInt8]) {
    if start > 0 {
      bytes.removeFirst(start)
      searched -= start
      start = 0
    }
    if bytes.isEmpty { bytes = new } else { bytes += new }
  }

  /// Returns the next complete line, without its end; `nil` if there is none yet.
  mutating func next() -> [UInt8]? {
    guard let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
      searched = bytes.count
      return nil
    }
    defer {
      start = end + 1
      searched = start
    }
    return Array(bytes[start..<end])
  }
}
