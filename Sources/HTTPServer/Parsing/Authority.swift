internal import ByteCoding

/// `uri-host [ ":" port ]` (RFC 9110 §7.2), as in `Host` and in targets.
enum Authority {
  /// Returns true if it is a host with or without a port.
  ///
  /// The host follows RFC 3986 §3.2.2, but must not be empty (RFC 9110 §4.2.1) and has no escaped control characters;
  /// user information is not allowed. The handler decides which hosts are served. Nothing is decoded.
  static func isValid(_ input: Span<UInt8>, _ range: Range<Int>, needsPort: Bool = false) -> Bool {
    guard !range.isEmpty else { return false }
    var index = range.lowerBound
    if input[index] == UInt8(ascii: "[") {
      guard let end = input.firstIndex(of: UInt8(ascii: "]"), in: range), isLiteral(input, index + 1..<end) else {
        return false
      }
      index = end + 1
    } else {
      while index < range.upperBound {
        if ByteSet.host.contains(input[index]) {
          index += 1
        } else if isEscape(input, index..<range.upperBound) {
          index += 3
        } else {
          break
        }
      }
      guard index > range.lowerBound else { return false }
    }
    guard index < range.upperBound else { return !needsPort }
    guard input[index] == UInt8(ascii: ":") else { return false }
    return isPort(input, index + 1..<range.upperBound, needsDigits: needsPort)
  }

  /// Returns true if it begins with `pct-encoded` (RFC 3986 §2.1) of anything but a control character.
  private static func isEscape(_ input: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard range.count >= 3, input[range.lowerBound] == UInt8(ascii: "%"),
      let high = ASCII.hexValue(input[range.lowerBound + 1]), let low = ASCII.hexValue(input[range.lowerBound + 2])
    else { return false }
    return high << 4 | low >= 0x20 && high << 4 | low != 0x7F
  }

  /// RFC 3986 §3.2.2: the content of an IP-literal, without its brackets.
  private static func isLiteral(_ input: Span<UInt8>, _ range: Range<Int>) -> Bool {
    isAddress(input, range) || isFutureAddress(input, range)
  }

  /// `"v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`.
  private static func isFutureAddress(_ input: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard !range.isEmpty, ASCII.lowercased(input[range.lowerBound]) == UInt8(ascii: "v"),
      let point = input.firstIndex(of: UInt8(ascii: "."), in: range),
      case let version = range.lowerBound + 1..<point, case let address = point + 1..<range.upperBound
    else { return false }
    return !version.isEmpty && !address.isEmpty && input.allSatisfy(in: version) { ASCII.hexValue($0) != nil }
      && input.allSatisfy(in: address) { $0 == UInt8(ascii: ":") || ByteSet.host.contains($0) }
  }

  /// Checks the characters of an IPv6 address: hexadecimal digits, colons, and the dots of a mapped address.
  private static func isAddress(_ input: Span<UInt8>, _ range: Range<Int>) -> Bool {
    range.count >= 2 && input.firstIndex(of: UInt8(ascii: ":"), in: range) != nil
      && input.allSatisfy(in: range) { byte in
        ASCII.hexValue(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
      }
  }

  /// Checks a port: `*DIGIT`, up to 65535.
  private static func isPort(_ input: Span<UInt8>, _ range: Range<Int>, needsDigits: Bool) -> Bool {
    if range.isEmpty { return !needsDigits }
    guard range.count <= 5, let port = input.number(range) else { return false }
    return port <= 65535
  }
}
