/// Takes bytes as they come, and gives them line by line.
struct LineBuffer {
  private let limit: Int
  private var bytes: [UInt8] = []
  /// Where the lines begin that have not been given.
  private var start = 0
  /// Up to where no line's end is.
  private var searched = 0

  /// - Parameter limit: bytes that a line may have.
  init(limit: Int) {
    self.limit = limit
  }

  /// Whether the line that has begun is longer than the limit already.
  var isTooLong: Bool { bytes.count - start > limit }

  mutating func append(_ new: [UInt8]) {
    if start > 0 {
      bytes.removeFirst(start)
      searched -= start
      start = 0
    }
    if bytes.isEmpty { bytes = new } else { bytes += new }
  }

  /// The next whole line, without its end; `nil` where there is none yet.
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
