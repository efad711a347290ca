/// The target of a request (RFC 9112 §3.2).
struct RequestTarget {
  var path: String
  var query: String?
  var authority: String?

  static func parse(
    _ input: Span<UInt8>, _ range: Range<Int>, method: String
  ) throws(HTTPProtocolError) -> RequestTarget {
    guard !range.isEmpty else { throw HTTPProtocolError(.badRequest, "The request line has no target.") }
    // RFC 9112 §3.2.3: the authority form is only for CONNECT.
    if method == "CONNECT" {
      guard Authority.isValid(input, range, needsPort: true) else {
        throw HTTPProtocolError(
          .badRequest, "The target of CONNECT must be a host and a port, but is \(input.quoted(range)).")
      }
      // RFC 9110 §9.3.6: a server that is not a proxy need not support it.
      throw HTTPProtocolError(.methodNotAllowed, "This server is not a proxy and does not support CONNECT.")
    }
    if input[range.lowerBound] == UInt8(ascii: "/") { return try origin(input, range) }
    if range.count == 1, input[range.lowerBound] == UInt8(ascii: "*") {
      // RFC 9112 §3.2.4: the asterisk form is only for OPTIONS.
      guard method == "OPTIONS" else {
        throw HTTPProtocolError(.badRequest, "The target * is allowed only with OPTIONS, not with \(method).")
      }
      return RequestTarget(path: "*")
    }
    return try absolute(input, range, method: method)
  }

  /// RFC 9112 §3.2.1: `absolute-path [ "?" query ]`. A target has no fragment (RFC 9110 §4.2.5).
  private static func origin(_ input: Span<UInt8>, _ range: Range<Int>) throws(HTTPProtocolError) -> RequestTarget {
    let mark = input.firstIndex(of: UInt8(ascii: "?"), in: range)
    let path = range.lowerBound..<(mark ?? range.upperBound)
    try check(input, path, .path)
    guard let mark else { return RequestTarget(path: input.text(path)) }
    let query = mark + 1..<range.upperBound
    try check(input, query, .query)
    return RequestTarget(path: input.text(path), query: input.text(query))
  }

  /// RFC 9112 §3.2.2: a server must accept the absolute form. Its authority overrides `Host`.
  private static func absolute(
    _ input: Span<UInt8>, _ range: Range<Int>, method: String
  ) throws(HTTPProtocolError) -> RequestTarget {
    guard let scheme = schemeEnd(input, range) else {
      throw HTTPProtocolError(
        .badRequest,
        "The target must be a path that begins with /, or an http:// or https:// URI, but is \(input.quoted(range)).")
    }
    var end = scheme
    while end < range.upperBound, input[end] != UInt8(ascii: "/"), input[end] != UInt8(ascii: "?") { end += 1 }
    // RFC 9110 §4.2.4: no user information. §4.2.1: no empty host.
    guard Authority.isValid(input, scheme..<end) else {
      throw HTTPProtocolError(
        .badRequest, "The target's authority is not a host with or without a port: \(input.quoted(scheme..<end)).")
    }
    var target = RequestTarget(path: "/")
    if end == range.upperBound {
      // RFC 9112 §3.2.4: as the last proxy would have sent it.
      target.path = method == "OPTIONS" ? "*" : "/"
    } else if input[end] == UInt8(ascii: "/") {
      target = try origin(input, end..<range.upperBound)
    } else {
      try check(input, end + 1..<range.upperBound, .query)
      target.query = input.text(end + 1..<range.upperBound)
    }
    target.authority = input.text(scheme..<end)
    return target
  }

  /// Returns the start of the authority. A scheme has no case (RFC 3986 §3.1).
  private static func schemeEnd(_ input: Span<UInt8>, _ range: Range<Int>) -> Int? {
    for (scheme, length) in [("http://" as StaticString, 7), ("https://", 8)] where range.count >= length {
      let end = range.lowerBound + length
      if input.isEqual(range.lowerBound..<end, toLowercase: scheme) { return end }
    }
    return nil
  }

  /// Checks the characters. The end of a target does not depend on its escapes, so the handler can find invalid ones in
  /// a valid request.
  private static func check(
    _ input: Span<UInt8>, _ range: Range<Int>, _ allowed: ByteSet
  ) throws(HTTPProtocolError) {
    for index in range where !allowed.contains(input[index]) {
      throw HTTPProtocolError(
        .badRequest,
        "The target has a byte that must be percent-encoded "
          + "(0x\(String(input[index], radix: 16, uppercase: true))): \(input.quoted(range)).")
    }
  }
}
