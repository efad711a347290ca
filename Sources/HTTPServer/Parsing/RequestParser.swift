/// The maximum sizes of the parts of a message.
struct ParserLimits: Sendable {
  var requestLineBytes: Int
  var headerBytes: Int
  var headerFields: Int
  var chunkExtensionBytes: Int
}

/// Parses requests from bytes, one after the other. The result does not depend on how the bytes are split. It does no
/// I/O and keeps none of the input.
struct RequestParser {
  enum Event {
    /// The received bytes contain no further part.
    case incomplete
    /// A request. It is complete if it has no body: then no `end` follows.
    case head(RequestHead)
    /// The number of bytes of the body that come next, if the client sends as many as it declared.
    case chunk(Int)
    /// A piece of the body, as positions in the input.
    case body(Range<Int>)
    /// A request with a body is complete. The next call begins the next one.
    case end
  }

  private enum Phase {
    case requestLine
    case fields
    case length(remaining: Int)
    case chunks(ChunkedDecoder)
    case failed(HTTPProtocolError)
  }

  private let limits: ParserLimits
  private let peer: PeerAddress
  private var phase = Phase.requestLine
  private var lines = LineReader()
  private var hasSkippedLine = false
  private var line: RequestLine?
  /// The error of the request line, while the fields are read.
  private var lineError: HTTPProtocolError?
  /// The received fields of the current head; after an error, those before it.
  private(set) var headers = Headers()
  private var headerBytes = 0
  private var framing = FramingReader()

  /// The head to which an error belongs, if it was complete.
  private(set) var rejectedHead: RequestHead?

  init(limits: ParserLimits, peer: PeerAddress) {
    self.limits = limits
    self.peer = peer
  }

  /// The method of the current head.
  var method: String? { line?.method }

  /// The path of the request line; `nil` before the line has been read, and if it is invalid.
  var path: String? { lineError == nil ? line?.path : nil }

  /// True if nothing of a request's head has been consumed yet.
  var isBetweenRequests: Bool {
    if case .requestLine = phase { true } else { false }
  }

  /// Takes one step over the input.
  ///
  /// - Parameters:
  ///   - input: All received bytes that have not been consumed. The rest must be passed again, followed by new bytes.
  ///   - offset: Moves past the consumed bytes.
  /// - Throws: The request's error. Each later call throws it again, because the start of the next request is unknown.
  mutating func next(_ input: Span<UInt8>, _ offset: inout Int) throws(HTTPProtocolError) -> Event {
    do throws(HTTPProtocolError) {
      return try step(input, &offset)
    } catch {
      let first = lineError ?? error
      phase = .failed(first)
      throw first
    }
  }

  private mutating func step(_ input: Span<UInt8>, _ offset: inout Int) throws(HTTPProtocolError) -> Event {
    while true {
      switch phase {
      case .requestLine:
        guard try takeRequestLine(input, &offset) else { return .incomplete }
      case .fields:
        if headers.isEmpty { headers.reserve(bytes: min(input.count - offset, 1024), fields: 8) }
        guard let line = try fieldLine(input, &offset) else { return .incomplete }
        if line.isEmpty { return .head(try finishHead()) }
        try takeField(input, line)
      case .length(let remaining):
        guard remaining > 0 else {
          finishRequest()
          return .end
        }
        let count = min(remaining, input.count - offset)
        guard count > 0 else { return .incomplete }
        phase = .length(remaining: remaining - count)
        defer { offset += count }
        return .body(offset..<offset + count)
      case .chunks(var decoder):
        // Taken out while it changes, so that it is not copied.
        phase = .requestLine
        let event = try decoder.next(input, &offset)
        phase = .chunks(decoder)
        switch event {
        case .incomplete: return .incomplete
        case .chunk(let length): return .chunk(length)
        case .data(let range): return .body(range)
        case .end:
          finishRequest()
          return .end
        }
      case .failed(let error):
        throw error
      }
    }
  }

  private mutating func takeRequestLine(_ input: Span<UInt8>, _ offset: inout Int) throws(HTTPProtocolError) -> Bool {
    switch lines.next(in: input, from: offset, limit: limits.requestLineBytes) {
    case .incomplete: return false
    case .tooLong:
      throw HTTPProtocolError(
        .uriTooLong, "The request line exceeds the limit of \(limits.requestLineBytes) bytes.")
    case .control:
      throw HTTPProtocolError(
        .badRequest, "The request line has a control character or does not end in CR LF (RFC 9112 §2.2).")
    case .complete(let range, let next):
      offset = next
      if range.isEmpty {
        // RFC 9112 §2.2: a server should ignore at least one empty line before a request. This one ignores only one.
        guard !hasSkippedLine else { throw HTTPProtocolError(.badRequest, "There are empty lines before the request.") }
        hasSkippedLine = true
        return true
      }
      (line, lineError) = try RequestLine.parse(input, range)
      phase = .fields
      return true
    }
  }

  private mutating func fieldLine(_ input: Span<UInt8>, _ offset: inout Int) throws(HTTPProtocolError) -> Range<Int>? {
    switch lines.next(in: input, from: offset, limit: limits.headerBytes - headerBytes) {
    case .incomplete: return nil
    case .tooLong:
      throw HTTPProtocolError(
        .headersTooLarge, "The header section exceeds the limit of \(limits.headerBytes) bytes.")
    case .control:
      throw HTTPProtocolError(
        .badRequest, "A field line has a control character or does not end in CR LF (RFC 9112 §2.2, RFC 9110 §5.5).")
    case .complete(let range, let next):
      offset = next
      return range
    }
  }

  private mutating func takeField(_ input: Span<UInt8>, _ line: Range<Int>) throws(HTTPProtocolError) {
    headerBytes = min(headerBytes + line.count + 2, limits.headerBytes)
    guard headers.count < limits.headerFields else {
      throw HTTPProtocolError(
        .headersTooLarge, "The header section exceeds the limit of \(limits.headerFields) fields.")
    }
    let field = try FieldLine(input, line)
    try framing.take(field, input)
    headers.append(field, input)
  }

  private mutating func finishHead() throws(HTTPProtocolError) -> RequestHead {
    guard let line else { throw HTTPProtocolError(.badRequest, "There is no request line.") }
    if let lineError { throw lineError }
    let framing = try self.framing.finish(line)
    let head = RequestHead(line: line, headers: headers, peer: peer, framing: framing)
    do throws(HTTPProtocolError) {
      try self.framing.checkSupport(line)
    } catch {
      rejectedHead = head
      throw error
    }
    self.line = nil
    headers = Headers()
    headerBytes = 0
    self.framing = FramingReader()
    if framing.isChunked {
      phase = .chunks(ChunkedDecoder(limits: limits))
    } else if let length = framing.declaredLength, length > 0 {
      phase = .length(remaining: length)
    } else {
      finishRequest()
    }
    return head
  }

  private mutating func finishRequest() {
    phase = .requestLine
    hasSkippedLine = false
  }
}
