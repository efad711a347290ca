@testable import HTTPServer

/// What a parser makes of bytes, in a form that can be compared.
enum ParserStep: Equatable, CustomStringConvertible {
  case head(String)
  case body(String)
  case end
  case error(HTTPProtocolError.Kind)

  var description: String {
    switch self {
    case .head(let text): "head \(text)"
    case .body(let text): "body \"\(text)\""
    case .end: "end"
    case .error(let kind): "error \(kind)"
    }
  }
}

enum ParserTranscript {
  static let limits = ServerConfiguration().parserLimits

  /// Feeds the pieces in turn, as a connection would.
  static func of(_ pieces: [ArraySlice<UInt8>], limits: ParserLimits = limits) -> [ParserStep] {
    var parser = RequestParser(limits: limits, peer: .unix)
    var steps: [ParserStep] = []
    var pending: [UInt8] = []
    for piece in pieces {
      pending += piece
      var offset = 0
      do throws(HTTPProtocolError) {
        try drain(&parser, pending.span, &offset, &steps)
      } catch {
        steps.append(.error(error.kind))
        return steps
      }
      pending.removeFirst(offset)
    }
    return steps
  }

  private static func drain(
    _ parser: inout RequestParser, _ input: Span<UInt8>, _ offset: inout Int, _ steps: inout [ParserStep]
  ) throws(HTTPProtocolError) {
    while true {
      switch try parser.next(input, &offset) {
      case .incomplete: return
      case .head(let head):
        steps.append(.head(text(head)))
        if !head.framing.hasBody { steps.append(.end) }
      case .end: steps.append(.end)
      case .chunk: break
      case .body(let range):
        let text = input.text(range)
        if case .body(let before) = steps.last {
          steps[steps.count - 1] = .body(before + text)
        } else {
          steps.append(.body(text))
        }
      }
    }
  }

  private static func text(_ head: RequestHead) -> String {
    var text = "\(head.method) \(head.path)"
    if let query = head.query { text += "?\(query)" }
    if head.version == .oneDotZero { text += " 1.0" }
    if let host = head.host { text += " @\(host)" }
    if let length = head.framing.declaredLength { text += " length=\(length)" }
    if head.framing.isChunked { text += " chunked" }
    if head.framing.expectsContinue { text += " expects" }
    if !head.framing.wantsKeepAlive { text += " closes" }
    return text
  }

  /// What comes of the bytes in one piece, which is what must come of them in any other way.
  static func ofEverySplit(_ input: String, limits: ParserLimits = limits) -> (steps: [ParserStep], isSame: Bool) {
    ofEverySplit(Array(input.utf8), limits: limits)
  }

  static func ofEverySplit(
    _ bytes: [UInt8], limits: ParserLimits = limits
  ) -> (steps: [ParserStep], isSame: Bool) {
    let whole = of([bytes[...]], limits: limits)
    var isSame = of(bytes.indices.map { bytes[$0...$0] }, limits: limits) == whole
    // In a long input, every split would take long and show nothing new.
    let splits = bytes.count < 1500 ? Array(bytes.indices) : Array(stride(from: 0, to: bytes.count, by: 97))
    for split in splits where of([bytes[..<split], bytes[split...]], limits: limits) != whole {
      isSame = false
    }
    return (whole, isSame)
  }
}
