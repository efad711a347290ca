/// The methods of RFC 9110 §9.1 and RFC 5789 and draft-ietf-httpbis-safe-method-w-body (QUERY). They are case-sensitive.
enum Method {
  /// Whether it is one that the server knows; another is answered with 501 (RFC 9110 §9.1).
  static func isKnown(_ method: String) -> Bool {
    switch method {
    case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
      "QUERY":
      true
    default: false
    }
  }

  /// The method's name; the usual ones are not made anew each time.
  static func text(_ input: Span<UInt8>, _ range: Range<Int>) -> String {
    let first = input[range.lowerBound]
    switch (range.count, first) {
    case (3, UInt8(ascii: "G")) where isEqual(input, range, "GET"): return "GET"
    case (4, UInt8(ascii: "P")) where isEqual(input, range, "POST"): return "POST"
    default: return input.text(range)
    }
  }

  private static func isEqual(_ input: Span<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
    for offset in 0..<range.count where input[range.lowerBound + offset] != text.utf8Start[offset] { return false }
    return true
  }
}
