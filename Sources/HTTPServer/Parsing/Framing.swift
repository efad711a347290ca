internal import ByteCoding

/// The fields of a head that describe the message itself: where its body ends, and if the connection stays open.
struct Framing: Sendable, Equatable {
  /// The declared length; `Int.max` if it is larger.
  var declaredLength: Int?
  var isChunked = false
  var expectsContinue = false
  var wantsKeepAlive = true

  var hasBody: Bool { isChunked || (declaredLength ?? 0) > 0 }
}

/// Collects the framing from the field lines, and checks it after the last one.
struct FramingReader {
  private enum Coding {
    case chunkedAlone
    /// Known or not, this server does not decode it.
    case othersThenChunked
    case notChunkedLast
  }

  private var hasHost = false
  private var declaredLength: Int?
  private var coding: Coding?
  private var expectsContinue = false
  private var unknownExpectation: String?
  private var saysClose = false
  private var saysKeepAlive = false

  mutating func take(_ field: FieldLine, _ input: Span<UInt8>) throws(HTTPProtocolError) {
    // Compared by length first, because most fields don't match any of these.
    switch field.name.count {
    case 4 where input.isEqual(field.name, toLowercase: "host"): try takeHost(field, input)
    case 6 where input.isEqual(field.name, toLowercase: "expect"): takeExpectation(field, input)
    case 10 where input.isEqual(field.name, toLowercase: "connection"): takeConnection(field, input)
    case 14 where input.isEqual(field.name, toLowercase: "content-length"): try takeLength(field, input)
    case 17 where input.isEqual(field.name, toLowercase: "transfer-encoding"): try takeCoding(field, input)
    default: break
    }
  }

  /// RFC 9112 §3.2: exactly one, and valid.
  private mutating func takeHost(_ field: FieldLine, _ input: Span<UInt8>) throws(HTTPProtocolError) {
    guard !hasHost else { throw HTTPProtocolError(.badRequest, "Host was sent more than once.") }
    guard Authority.isValid(input, field.value) else {
      throw HTTPProtocolError(
        .badRequest, "Host must be a host, with or without a port, but is \(input.quoted(field.value)).")
    }
    hasHost = true
  }

  /// RFC 9112 §6.3: an invalid `Content-Length` is an unrecoverable error. RFC 9110 §8.6 lets a recipient accept or
  /// refuse a list of equal values; it is refused.
  private mutating func takeLength(_ field: FieldLine, _ input: Span<UInt8>) throws(HTTPProtocolError) {
    guard declaredLength == nil else { throw HTTPProtocolError(.badRequest, "Content-Length was sent more than once.") }
    guard !field.value.isEmpty, input.allSatisfy(in: field.value, ASCII.isDigit) else {
      throw HTTPProtocolError(
        .badRequest, "Content-Length must be one number in decimal digits, but is \(input.quoted(field.value)).")
    }
    // A length that is too large for a number is over every limit of a body's size.
    declaredLength = input.number(field.value).map(Int.init(clamping:)) ?? .max
  }

  /// RFC 9112 §6.1 and §7: names of codings between commas, over all lines.
  private mutating func takeCoding(_ field: FieldLine, _ input: Span<UInt8>) throws(HTTPProtocolError) {
    var start = field.value.lowerBound
    while true {
      let end = input.firstIndex(of: UInt8(ascii: ","), in: start..<field.value.upperBound) ?? field.value.upperBound
      let name = input.trimmed(start..<end)
      guard !name.isEmpty, input.allSatisfy(in: name, { ByteSet.token.contains($0) }) else {
        throw HTTPProtocolError(
          .badRequest, "Transfer-Encoding must be chunked and nothing else, but is \(input.quoted(field.value)).")
      }
      let isChunked = input.isEqual(name, toLowercase: "chunked")
      switch coding {
      case nil: coding = isChunked ? .chunkedAlone : .notChunkedLast
      case .notChunkedLast: coding = isChunked ? .othersThenChunked : .notChunkedLast
      // §7.1: chunked is applied once, and last.
      case .chunkedAlone, .othersThenChunked:
        throw HTTPProtocolError(.badRequest, "Transfer-Encoding must have chunked once, at the end.")
      }
      guard end < field.value.upperBound else { return }
      start = end + 1
    }
  }

  /// RFC 9110 §10.1.1.
  private mutating func takeExpectation(_ field: FieldLine, _ input: Span<UInt8>) {
    if input.isEqual(field.value, toLowercase: "100-continue") {
      expectsContinue = true
    } else {
      unknownExpectation = input.quoted(field.value)
    }
  }

  /// RFC 9110 §7.6.1.
  private mutating func takeConnection(_ field: FieldLine, _ input: Span<UInt8>) {
    var start = field.value.lowerBound
    while start <= field.value.upperBound {
      let end = input.firstIndex(of: UInt8(ascii: ","), in: start..<field.value.upperBound) ?? field.value.upperBound
      let option = input.trimmed(start..<end)
      if input.isEqual(option, toLowercase: "close") { saysClose = true }
      if input.isEqual(option, toLowercase: "keep-alive") { saysKeepAlive = true }
      start = end + 1
    }
  }

  /// Checks the head as a whole.
  func finish(_ line: RequestLine) throws(HTTPProtocolError) -> Framing {
    guard hasHost || line.version == .oneDotZero else {
      throw HTTPProtocolError(.badRequest, "Host is missing, which HTTP/1.1 requires (RFC 9112 §3.2).")
    }
    if let coding { try check(coding, line) }
    return Framing(
      declaredLength: declaredLength, isChunked: coding != nil,
      // RFC 9110 §10.1.1: ignored in HTTP/1.0.
      expectsContinue: expectsContinue && line.version == .oneDotOne,
      // RFC 9112 §9.3.
      wantsKeepAlive: !saysClose && (line.version == .oneDotOne || saysKeepAlive))
  }

  /// Refuses well-formed requests that this server does not support. Checked last, so that the response can use the
  /// head.
  func checkSupport(_ line: RequestLine) throws(HTTPProtocolError) {
    guard line.methodIsKnown else {
      let upperCase = Array(line.method.prefix(60).uppercased().utf8)
      let hint =
        Method.known(upperCase.span, upperCase.indices).map { ". Methods are case-sensitive: write \($0)" } ?? ""
      throw HTTPProtocolError(.notImplemented, "Unknown method \(line.method.prefix(60))\(hint).")
    }
    if let unknownExpectation {
      throw HTTPProtocolError(
        .expectationFailed, "Expect must be 100-continue, but is \(unknownExpectation).")
    }
  }

  private func check(_ coding: Coding, _ line: RequestLine) throws(HTTPProtocolError) {
    // RFC 9112 §6.1: HTTP/1.0 has no transfer codings; a message with one has faulty framing.
    guard line.version == .oneDotOne else {
      throw HTTPProtocolError(.badRequest, "HTTP/1.0 has no Transfer-Encoding (RFC 9112 §6.1).")
    }
    // RFC 9112 §6.1 and §6.3: both at once may be an attempt to smuggle a request.
    guard declaredLength == nil else {
      throw HTTPProtocolError(.badRequest, "Content-Length and Transfer-Encoding must not be sent together.")
    }
    switch coding {
    case .chunkedAlone: return
    case .othersThenChunked:
      throw HTTPProtocolError(
        .notImplemented, "Transfer-Encoding must be chunked and nothing else: no other coding is supported.")
    case .notChunkedLast:
      // RFC 9112 §6.3: the end of the body is unknown.
      throw HTTPProtocolError(.badRequest, "Transfer-Encoding must end in chunked: otherwise the body has no end.")
    }
  }
}
