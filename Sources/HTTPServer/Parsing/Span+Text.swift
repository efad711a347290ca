internal import ByteCoding

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension Span<UInt8> {
  /// Returns the position of the first such byte.
  func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
    guard !range.isEmpty else { return nil }
    return extracting(range).withUnsafeBufferPointer { bytes in
      guard let start = bytes.baseAddress, let found = memchr(start, Int32(byte), bytes.count) else { return nil }
      return range.lowerBound + UnsafeRawPointer(start).distance(to: UnsafeRawPointer(found))
    }
  }

  func allSatisfy(in range: Range<Int>, _ condition: (UInt8) -> Bool) -> Bool {
    for index in range where !condition(self[index]) { return false }
    return true
  }

  /// Returns true if the bytes are the given lower-case text, with letters in any case.
  func isEqual(_ range: Range<Int>, toLowercase text: StaticString) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    // The bytes of a literal live forever.
    let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    for (offset, byte) in wanted.enumerated() where ASCII.lowercased(self[range.lowerBound + offset]) != byte {
      return false
    }
    return true
  }

  /// Returns the number in decimal digits; `nil` if the bytes are not digits, or it is too large.
  func number(_ range: Range<Int>) -> Int64? {
    extracting(range).withUnsafeBufferPointer { Int64(digits: $0) }
  }

  /// Returns the range without the blanks at its ends.
  func trimmed(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, ASCII.isBlank(self[start]) { start += 1 }
    while end > start, ASCII.isBlank(self[end - 1]) { end -= 1 }
    return start..<end
  }

  /// Returns the bytes as text. Bytes that are not UTF-8 are opaque data (RFC 9110 §5.5): each becomes one character.
  func text(_ range: Range<Int>) -> String {
    extracting(range).withUnsafeBufferPointer { bytes in
      // Decoding replaces invalid UTF-8, and does not change ASCII; it is much faster than validating.
      if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
      return String(validating: bytes, as: UTF8.self)
        ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
  }

  /// Returns the beginning of a piece of the input, for the text of an error.
  func quoted(_ range: Range<Int>) -> String {
    let shown = range.prefix(60).map { index in
      let byte = self[index]
      return byte < 0x20 || byte >= 0x7F || byte == UInt8(ascii: "\"") ? "?" : String(Unicode.Scalar(byte))
    }
    return "\"" + shown.joined() + (range.count > 60 ? "…\"" : "\"")
  }
}

/// A set of ASCII characters as two words, one bit each: a look-up is a shift, without a table in memory.
struct ByteSet {
  private let low: UInt64
  private let high: UInt64

  @inline(__always)
  func contains(_ byte: UInt8) -> Bool {
    guard byte < 0x80 else { return false }
    return (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 != 0
  }

  /// `tchar` (RFC 9110 §5.6.2): letters, digits and ``!#$%&'*+-.^_`|~``.
  @inline(__always) static var token: ByteSet { ByteSet(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE) }

  /// The characters of a path, including `%` (RFC 3986 §3.3), and `[`, `]` and `|`, which browsers do not encode there.
  @inline(__always) static var path: ByteSet { ByteSet(low: 0x2FFF_FFF2_0000_0000, high: 0x57FF_FFFE_AFFF_FFFF) }

  /// The characters of a query: those of a path, `?`, and `{`, `}`, `\`, `^` and a backquote, which browsers do not
  /// encode there.
  @inline(__always) static var query: ByteSet { ByteSet(low: 0xAFFF_FFF2_0000_0000, high: 0x7FFF_FFFF_FFFF_FFFF) }

  /// The characters of a host's name, without escapes: the unreserved characters and the sub-delims of RFC 3986 §2.2
  /// and §2.3.
  @inline(__always) static var host: ByteSet { ByteSet(low: 0x2BFF_7FD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE) }
}
