internal import ByteCoding

/// Finds lines in bytes that arrive in any split, and reads each byte once.
///
/// A line ends in CRLF. RFC 9112 §2.2 lets a recipient accept a bare LF as an end. Two recipients that differ in this
/// see different requests, so this one accepts neither a bare LF, nor a bare CR, nor any other control character.
struct LineReader {
  enum Line {
    /// The line's bytes without its end, and the start of the next one.
    case complete(Range<Int>, next: Int)
    case incomplete
    case tooLong
    /// A control character at that position.
    case control(Int)
  }

  /// The number of checked bytes of the line that begins at the offset.
  private var seen = 0

  /// - Parameters:
  ///   - input: All received bytes that have not been consumed.
  ///   - start: The start of the line: the same byte at each call until it is complete.
  ///   - limit: The maximum size of the line without its end, in bytes.
  mutating func next(in input: Span<UInt8>, from start: Int, limit: Int) -> Line {
    if let line = quickly(input, start, limit) { return line }
    var index = start + seen
    while index < input.count {
      let byte = input[index]
      if ASCII.isControl(byte) {
        guard byte == UInt8(ascii: "\r") else { return .control(index) }
        guard index + 1 < input.count else { break }
        guard input[index + 1] == UInt8(ascii: "\n") else { return .control(index) }
        seen = 0
        return .complete(start..<index, next: index + 2)
      }
      if index - start >= limit { return .tooLong }
      index += 1
    }
    seen = index - start
    return .incomplete
  }

  /// Returns the line if all of it is valid, in which case it can be checked as a whole. Otherwise, a check byte by
  /// byte finds the first error.
  private mutating func quickly(_ input: Span<UInt8>, _ start: Int, _ limit: Int) -> Line? {
    let unseen = start + seen
    guard let feed = input.firstIndex(of: UInt8(ascii: "\n"), in: unseen..<input.count), feed > start else {
      return nil
    }
    let end = feed - 1
    guard input[end] == UInt8(ascii: "\r"), end - start <= limit, unseen <= end,
      !input.extracting(unseen..<end).withUnsafeBufferPointer(ASCII.hasControl)
    else { return nil }
    seen = 0
    return .complete(start..<end, next: feed + 1)
  }
}
