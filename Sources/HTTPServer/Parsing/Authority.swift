/// `uri-host [ ":" port ]` (RFC 9110 §7.2), as in `Host` and in targets.
enum Authority {
  /// Whether it is a host with or without a port.
  ///
  /// Narrower than RFC 3986 §3.2.2 on purpose: names of letters, digits and `-._~`, and bracketed addresses; no empty
  /// host (RFC 9110 §4.2.1), no user information, no escapes, and none of the delimiters that no real name has.
  static func isValid(_ input: Span<UInt8>, _ range: Range<Int>, needsPort: Bool = false) -> Bool {
    guard !range.isEmpty else { return false }
    var index = range.lowerBound
    if input[index] == UInt8(ascii: "[") {
      guard let end = input.firstIndex(of: UInt8(ascii: "]"), in: range), isAddress(input, index + 1..<end) else {
        return false
      }
      index = end + 1
    } else {
      while index < range.upperBound, ByteSet.host.contains(input[index]) { index += 1 }
      guard index > range.lowerBound else { return false }
    }
    guard index < range.upperBound else { return !needsPort }
    guard input[index] == UInt8(ascii: ":") else { return false }
    return isPort(input, index + 1..<range.upperBound, needsDigits: needsPort)
  }

  /// RFC 3986 §3.2.2's IP-literal by its characters: hexadecimal digits, colons, and the points of a mapped address.
  private static func isAddress(_ input: Span<UInt8>, _ range: Range<Int>) -> Bool {
    range.count >= 2 && input.firstIndex(of: UInt8(ascii: ":"), in: range) != nil
      && input.allSatisfy(in: range) { byte in
        ASCII.hexValue(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
      }
  }

  /// `*DIGIT`, up to 65535.
  private static func isPort(_ input: Span<UInt8>, _ range: Range<Int>, needsDigits: Bool) -> Bool {
    guard range.count <= 5 else { return false }
    var value = 0
    for index in range {
      guard ASCII.isDigit(input[index]) else { return false }
      value = value * 10 + Int(input[index] - UInt8(ascii: "0"))
    }
    return value <= 65535 && !(needsDigits && range.isEmpty)
  }
}
