internal import ByteCoding

/// The methods of RFC 9110 §9.1, RFC 5789, and draft-ietf-httpbis-safe-method-w-body (QUERY). They are case-sensitive.
enum Method {
  /// Returns the method if the server supports it. Others are rejected with 501 (RFC 9110 §9.1).
  static func known(_ input: Span<UInt8>, _ range: Range<Int>) -> String? {
    switch range.count {
    case 3: matching(input, range, "GET") ?? matching(input, range, "PUT")
    case 4: matching(input, range, "POST") ?? matching(input, range, "HEAD")
    case 5:
      matching(input, range, "PATCH") ?? matching(input, range, "TRACE") ?? matching(input, range, "QUERY")
    case 6: matching(input, range, "DELETE")
    case 7: matching(input, range, "OPTIONS") ?? matching(input, range, "CONNECT")
    default: nil
    }
  }

  private static func matching(_ input: Span<UInt8>, _ range: Range<Int>, _ name: String) -> String? {
    var index = range.lowerBound
    for byte in name.utf8 {
      guard input[index] == byte else { return nil }
      index += 1
    }
    return name
  }
}
