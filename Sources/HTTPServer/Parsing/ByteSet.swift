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

  /// What a path may hold, `%` included (RFC 3986 §3.3), and `[`, `]` and `|`, which browsers do not encode there.
  @inline(__always) static var path: ByteSet { ByteSet(low: 0x2FFF_FFF2_0000_0000, high: 0x57FF_FFFE_AFFF_FFFF) }

  /// What a query may hold: a path's characters, `?`, and `{`, `}`, `\`, `^` and a backquote, which browsers do not
  /// encode there.
  @inline(__always) static var query: ByteSet { ByteSet(low: 0xAFFF_FFF2_0000_0000, high: 0x7FFF_FFFF_FFFF_FFFF) }

  /// What a host's name may hold, escapes aside: the unreserved characters and the sub-delims of RFC 3986 §2.2 and §2.3.
  @inline(__always) static var host: ByteSet { ByteSet(low: 0x2BFF_7FD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE) }
}
