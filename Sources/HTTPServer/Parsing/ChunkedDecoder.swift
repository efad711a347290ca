internal import ByteCoding

/// Decodes the chunks of a body (RFC 9112 §7.1).
struct ChunkedDecoder {
  enum Event: Equatable {
    case incomplete
    /// A chunk begins, with this number of bytes.
    case chunk(Int)
    case data(Range<Int>)
    case end
  }

  private enum Phase {
    case size
    case data(remaining: Int)
    case dataEnd
    case trailers
    case done
  }

  private let limits: ParserLimits
  private var phase = Phase.size
  private var lines = LineReader()
  private var extensionBytes = 0
  private var trailerBytes = 0
  private var trailerFields = 0

  /// The maximum number of bytes of a size, without its extensions. More than the digits of any size, because leading
  /// zeros are allowed (RFC 9112 §7.1).
  private static let sizeDigits = 64

  init(limits: ParserLimits) {
    self.limits = limits
  }

  /// Takes one step over the input from the offset, and moves that past the consumed bytes.
  mutating func next(_ input: Span<UInt8>, _ offset: inout Int) throws(HTTPProtocolError) -> Event {
    while true {
      switch phase {
      case .size:
        guard let line = try line(input, &offset, limit: Self.sizeDigits + limits.chunkExtensionBytes, .extensions)
        else {
          return .incomplete
        }
        let length = try takeSize(input, line)
        guard length > 0 else {
          phase = .trailers
          continue
        }
        phase = .data(remaining: length)
        return .chunk(length)
      case .data(let remaining):
        let count = min(remaining, input.count - offset)
        guard count > 0 else { return .incomplete }
        phase = count == remaining ? .dataEnd : .data(remaining: remaining - count)
        defer { offset += count }
        return .data(offset..<offset + count)
      case .dataEnd:
        guard try takeDataEnd(input, &offset) else { return .incomplete }
        phase = .size
      case .trailers:
        guard let line = try line(input, &offset, limit: limits.headerBytes - trailerBytes, .trailers) else {
          return .incomplete
        }
        if line.isEmpty {
          phase = .done
        } else {
          try takeTrailer(input, line)
        }
      case .done:
        return .end
      }
    }
  }

  private enum LimitedPart {
    case extensions
    case trailers
  }

  private func tooLong(_ part: LimitedPart) -> HTTPProtocolError {
    switch part {
    case .extensions:
      HTTPProtocolError(
        .contentTooLarge, "The chunk extensions of the body exceed the limit of \(limits.chunkExtensionBytes) bytes.")
    case .trailers:
      HTTPProtocolError(.headersTooLarge, "The trailer section exceeds the limit of \(limits.headerBytes) bytes.")
    }
  }

  private mutating func line(
    _ input: Span<UInt8>, _ offset: inout Int, limit: Int, _ part: LimitedPart
  ) throws(HTTPProtocolError) -> Range<Int>? {
    switch lines.next(in: input, from: offset, limit: limit) {
    case .incomplete: return nil
    case .tooLong where part == .extensions:
      throw HTTPProtocolError(.contentTooLarge, "A chunk's size and extensions exceed the limit of \(limit) bytes.")
    case .tooLong: throw tooLong(part)
    case .control:
      throw HTTPProtocolError(.badRequest, "A line between chunks has a control character or does not end in CR LF.")
    case .complete(let line, let next):
      offset = next
      return line
    }
  }

  /// `chunk-size [ chunk-ext ]`: only hexadecimal digits, without a sign, `0x` or blanks.
  ///
  /// - Returns: The size; `Int.max` for a larger one, which exceeds every limit.
  private mutating func takeSize(_ input: Span<UInt8>, _ line: Range<Int>) throws(HTTPProtocolError) -> Int {
    var end = line.lowerBound
    var length = 0
    while end < line.upperBound, let digit = ASCII.hexValue(input[end]) {
      length = length <= Int.max >> 4 ? length << 4 | Int(digit) : .max
      end += 1
    }
    guard end > line.lowerBound, ChunkExtension.isValid(input, end..<line.upperBound) else {
      throw HTTPProtocolError(
        .badRequest, "A chunk must begin with its size in hexadecimal digits, but begins with \(input.quoted(line)).")
    }
    // RFC 9112 §7.1.1: the total is bounded, because chunks of one byte can have any number of extensions.
    extensionBytes += line.upperBound - end
    guard extensionBytes <= limits.chunkExtensionBytes else { throw tooLong(.extensions) }
    return length
  }

  private mutating func takeDataEnd(_ input: Span<UInt8>, _ offset: inout Int) throws(HTTPProtocolError) -> Bool {
    let available = min(2, input.count - offset)
    for position in 0..<available
    where input[offset + position] != (position == 0 ? UInt8(ascii: "\r") : UInt8(ascii: "\n")) {
      throw HTTPProtocolError(.badRequest, "A chunk's data is longer than its size, or does not end in CR LF.")
    }
    guard available == 2 else { return false }
    offset += 2
    return true
  }

  /// RFC 9112 §7.1.2: a recipient that does not use the trailers drops them. Their form is nevertheless checked.
  private mutating func takeTrailer(_ input: Span<UInt8>, _ line: Range<Int>) throws(HTTPProtocolError) {
    trailerBytes += line.count + 2
    trailerFields += 1
    guard trailerBytes <= limits.headerBytes else { throw tooLong(.trailers) }
    guard trailerFields <= limits.headerFields else {
      throw HTTPProtocolError(
        .headersTooLarge, "The trailer section exceeds the limit of \(limits.headerFields) fields.")
    }
    _ = try FieldLine(input, line)
  }
}

/// The extension after a chunk's size (RFC 9112 §7.1.1). It is ignored, but must be well-formed.
enum ChunkExtension {
  /// `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`. A value is a token or a quoted string.
  static func isValid(_ input: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var index = range.lowerBound
    let end = range.upperBound
    while index < end {
      skipBlanks(input, &index, end)
      guard index < end, input[index] == UInt8(ascii: ";") else { return false }
      index += 1
      skipBlanks(input, &index, end)
      guard skipToken(input, &index, end) else { return false }
      var next = index
      skipBlanks(input, &next, end)
      guard next < end, input[next] == UInt8(ascii: "=") else { continue }
      index = next + 1
      skipBlanks(input, &index, end)
      guard skipToken(input, &index, end) || skipQuoted(input, &index, end) else { return false }
    }
    return true
  }

  private static func skipBlanks(_ input: Span<UInt8>, _ index: inout Int, _ end: Int) {
    while index < end, ASCII.isBlank(input[index]) { index += 1 }
  }

  private static func skipToken(_ input: Span<UInt8>, _ index: inout Int, _ end: Int) -> Bool {
    let start = index
    while index < end, ByteSet.token.contains(input[index]) { index += 1 }
    return index > start
  }

  /// RFC 9110 §5.6.4.
  private static func skipQuoted(_ input: Span<UInt8>, _ index: inout Int, _ end: Int) -> Bool {
    guard index < end, input[index] == UInt8(ascii: "\"") else { return false }
    index += 1
    while index < end {
      let byte = input[index]
      index += 1
      if byte == UInt8(ascii: "\"") { return true }
      if byte == UInt8(ascii: "\\") { index += 1 }
    }
    return false
  }
}
