/// Takes requests out of bytes, one after the other, in whatever pieces the bytes come: the same bytes give the same
/// result. It does no I/O and keeps none of the input.
struct RequestParser {
  enum Event {
    /// There is no more to take from what has come.
    case incomplete
    /// A request, which is complete where it has no body: then there is no `end` of its own.
    case head(RequestHead)
    /// So many bytes of the body come next, if the client keeps its word.
    case chunk(Int)
    /// A piece of the body, as positions in the input.
    case body(Range<Int>)
    /// A request that has a body is complete. The next call takes the next one.
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
  /// What is wrong with it, while its fields are read.
  private var lineError: HTTPProtocolError?
  /// The fields of the head that is being read, as far as they have come; after an error, those before it.
  private(set) var headers = Headers()
  private var headerBytes = 0
  private var framing = FramingReader()

  /// The head that an error belongs to, if it came whole.
  private(set) var rejectedHead: RequestHead?

  init(limits: ParserLimits, peer: PeerAddress) {
    self.limits = limits
    self.peer = peer
  }

  /// The method of the head that is being read.
  var method: String? { line?.method }

  /// Whether nothing of a request's head has been consumed yet.
  var isBetweenRequests: Bool {
    if case .requestLine = phase { true } else { false }
  }

  /// Takes one step over the input.
  ///
  /// - Parameters:
  ///   - input: all that has come and has not been consumed; what is left of it must come again, with more behind it.
  ///   - offset: moves past what has been consumed.
  /// - Throws: what is wrong with the request; each later call throws it again, since where a next request would begin
  ///   can't be told any more.
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
        // RFC 9112 §2.2: at least one empty line before a request is to be ignored. One is; a row of them is not.
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
      try self.framing.checkWhatIsKnown(line)
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
