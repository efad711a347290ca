internal import ByteCoding

/// The first line of a request (RFC 9112 §3).
struct RequestLine: Sendable, Equatable {
  var method: String
  var path: String
  var query: String?
  var version: HTTPVersion
  var methodIsKnown = true
  /// The authority of an absolute-form target.
  var authority: String?

  /// `method SP request-target SP HTTP-version`, with exactly one space at each position: RFC 9112 §3 lets a recipient
  /// be lenient here, and warns of the consequences.
  ///
  /// - Returns: The line, and an error of the method or the target, to be thrown when the fields have arrived: the
  ///   response uses them, and they do follow a line of a supported version.
  /// - Throws: The error of a line after which no fields can follow.
  static func parse(
    _ input: Span<UInt8>, _ line: Range<Int>
  ) throws(HTTPProtocolError) -> (line: RequestLine, error: HTTPProtocolError?) {
    let space = UInt8(ascii: " ")
    guard let methodEnd = input.firstIndex(of: space, in: line),
      let targetEnd = input.firstIndex(of: space, in: methodEnd + 1..<line.upperBound),
      case let version = targetEnd + 1..<line.upperBound,
      input.firstIndex(of: space, in: version) == nil
    else {
      throw HTTPProtocolError(
        .badRequest,
        "Malformed request line \(input.quoted(line)). It must be a method, a target and a version, with one space between "
          + "them.")
    }
    let method = line.lowerBound..<methodEnd
    let spoken = try self.version(input, version)
    let known = Method.known(input, method)
    var line = RequestLine(
      method: known ?? input.text(method), path: "/", version: spoken, methodIsKnown: known != nil)
    do throws(HTTPProtocolError) {
      try line.take(input, method: method, target: methodEnd + 1..<targetEnd)
    } catch {
      return (line, error)
    }
    return (line, nil)
  }

  private mutating func take(
    _ input: Span<UInt8>, method: Range<Int>, target: Range<Int>
  ) throws(HTTPProtocolError) {
    guard !method.isEmpty, input.allSatisfy(in: method, { ByteSet.token.contains($0) }) else {
      throw HTTPProtocolError(
        .badRequest, "The method must be a token (RFC 9110 §9.1), but is \(input.quoted(method)).")
    }
    let target = try RequestTarget.parse(input, target, method: self.method)
    (path, query, authority) = (target.path, target.query, target.authority)
  }

  /// RFC 9112 §2.3: case-sensitive, one digit, a point, one digit.
  private static func version(_ input: Span<UInt8>, _ range: Range<Int>) throws(HTTPProtocolError) -> HTTPVersion {
    let start = range.lowerBound
    guard range.count == 8, input.isEqual(start..<start + 5, toLowercase: "http/"),
      input.allSatisfy(in: start..<start + 4, { $0 & 0x20 == 0 }),
      ASCII.isDigit(input[start + 5]), input[start + 6] == UInt8(ascii: "."), ASCII.isDigit(input[start + 7])
    else {
      throw HTTPProtocolError(
        .badRequest, "A request line must end in HTTP/1.1 or HTTP/1.0, but ends in \(input.quoted(range)).")
    }
    switch (input[start + 5], input[start + 7]) {
    case (UInt8(ascii: "1"), UInt8(ascii: "1")): return .oneDotOne
    case (UInt8(ascii: "1"), UInt8(ascii: "0")): return .oneDotZero
    default:
      // RFC 9110 §15.6.6. The preface of HTTP/2 (RFC 9113 §3.4) ends here too.
      throw HTTPProtocolError(
        .versionNotSupported, "\(input.text(range)) is not supported. Use HTTP/1.1 or HTTP/1.0.")
    }
  }
}
