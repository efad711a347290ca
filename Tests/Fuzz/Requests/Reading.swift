@testable internal import HTTPServer

/// What a parser makes of the bytes of a connection.
struct Reading: Equatable {
  var requests: [ReadRequest] = []
  var error: HTTPProtocolError?
  var rejectedHead: ReadHead?
  /// How many bytes have been consumed.
  var consumed = 0
  var isBetweenRequests: Bool
  /// The method of the head that has not come whole.
  var method: String?

  /// - Parameter keepsConsumed: whether what has been consumed stays before the rest, as where nothing is moved up.
  init(of pieces: [ArraySlice<UInt8>], keepsConsumed: Bool, limits: ParserLimits = limits) {
    var parser = RequestParser(limits: limits, peer: .unix)
    isBetweenRequests = true
    var pending: [UInt8] = []
    var offset = 0
    for piece in pieces where error == nil {
      if !keepsConsumed {
        pending.removeFirst(offset)
        offset = 0
      }
      pending += piece
      let before = offset
      drain(&parser, pending.span, &offset)
      consumed += offset - before
    }
    isBetweenRequests = parser.isBetweenRequests
    method = parser.method
    rejectedHead = parser.rejectedHead.map(ReadHead.init)
  }

  private mutating func drain(_ parser: inout RequestParser, _ input: Span<UInt8>, _ offset: inout Int) {
    do throws(HTTPProtocolError) {
      while true {
        let before = offset
        let event = try parser.next(input, &offset)
        expect(before <= offset && offset <= input.count, "the offset went from \(before) to \(offset)")
        switch event {
        case .incomplete: return
        case .head(let head):
          expect(requests.last?.isComplete ?? true, "a request began inside another")
          requests.append(ReadRequest(head))
        case .chunk(let length):
          expect(length > 0 && requests.last?.isComplete == false, "a chunk of \(length) bytes began")
        case .body(let range):
          expect(!range.isEmpty && range.lowerBound >= before && range.upperBound <= offset, "a body is at \(range)")
          for index in range { requests[requests.count - 1].body.append(input[index]) }
        case .end:
          expect(requests.last?.isComplete == false, "a request ended twice")
          requests[requests.count - 1].isComplete = true
        }
      }
    } catch {
      self.error = error
      checkRepeats(&parser, input, offset, error)
    }
  }

  /// A connection whose framing is lost is never taken up again.
  private func checkRepeats(
    _ parser: inout RequestParser, _ input: Span<UInt8>, _ offset: Int, _ first: HTTPProtocolError
  ) {
    var offset = offset
    do throws(HTTPProtocolError) {
      _ = try parser.next(input, &offset)
      expect(false, "went on after an error: \(first)")
    } catch {
      expectEqual(error, first, "another error at the second call")
    }
  }

  func checkRules() {
    for (index, request) in requests.enumerated() {
      request.head.checkRules()
      expect(request.isComplete || index == requests.count - 1, "a request is incomplete, and not the last")
      let length = request.head.declaredLength ?? 0
      if !request.head.isChunked {
        expect(request.isComplete ? request.body.count == length : request.body.count < length, "\(request)")
      }
    }
    rejectedHead?.checkRules()
    expect(rejectedHead == nil || error?.kind == .notImplemented || error?.kind == .expectationFailed, "\(self)")
    if error == nil, let last = requests.last, !last.isComplete { expect(!isBetweenRequests, "\(self)") }
  }
}
