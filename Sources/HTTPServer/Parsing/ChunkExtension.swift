internal import ByteCoding

/// What may follow a chunk's size (RFC 9112 §7.1.1). It means nothing here, and must be well-formed all the same.
enum ChunkExtension {
  /// `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`, a value being a token or a quoted string.
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
