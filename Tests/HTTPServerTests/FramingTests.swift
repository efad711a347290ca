import Testing

@testable import HTTPServer

/// RFC 9112 §6 and §7: where a body ends.
@Suite struct FramingTests {
  private func transcript(
    _ fields: String, _ body: String = "", version: String = "1.1", limits: ParserLimits = ParserTranscript.limits
  ) -> [ParserStep] {
    let (steps, isSame) = ParserTranscript.ofEverySplit(
      "POST / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n\r\n\(body)", limits: limits)
    #expect(isSame)
    return steps
  }

  @Test func readsLengths() {
    #expect(transcript("Content-Length: 3", "abcGET") == [.head("POST / @a length=3"), .body("abc"), .end])
    #expect(transcript("content-length:0", "") == [.head("POST / @a length=0"), .end])
    #expect(transcript("Content-Length: 007", "abcdefg") == [.head("POST / @a length=7"), .body("abcdefg"), .end])
    #expect(transcript("Content-Length: 3", "ab") == [.head("POST / @a length=3"), .body("ab")])
    #expect(transcript("Content-Length: 9223372036854775807") == [.head("POST / @a length=9223372036854775807")])
    #expect(transcript("X: y", "") == [.head("POST / @a"), .end])
  }

  /// §6.3.
  @Test(arguments: [
    "+5", "-5", "5 5", "5,5", "5, 5", "0x5", "5.0", "5e0", "", " ", "five", "5;", "٥", "5\u{0}", "\"5\"", "5_0", "\t",
  ])
  func refusesLength(_ value: String) {
    #expect(transcript("Content-Length: \(value)", "aaaaa") == [.error(.badRequest)])
  }

  @Test func refusesRepeatedAndEndlessLengths() {
    #expect(transcript("Content-Length: 5\r\nContent-Length: 5", "aaaaa") == [.error(.badRequest)])
    #expect(transcript("Content-Length: 5\r\ncontent-length: 6", "aaaaa") == [.error(.badRequest)])
    for length in ["9223372036854775808", "99999999999999999999999999999999"] {
      // More than can be told, and more than any limit.
      #expect(transcript("Content-Length: \(length)") == transcript("Content-Length: \(Int.max)"))
    }
    #expect(transcript("Content-Length : 5", "aaaaa") == [.error(.badRequest)])
  }

  @Test func readsChunks() {
    let head = ParserStep.head("POST / @a chunked")
    let field = "Transfer-Encoding: chunked"
    #expect(transcript(field, "0\r\n\r\n") == [head, .end])
    #expect(transcript(field, "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n") == [head, .body("abc0123456789"), .end])
    #expect(transcript(field, "00003\r\nabc\r\n000\r\n\r\n") == [head, .body("abc"), .end])
    #expect(transcript("transfer-encoding:CHUNKED", "1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n").last == .end)
    // §7.1.1 and §7.1.2: extensions and trailers mean nothing.
    let extended = "1;a\r\nx\r\n1;a=b;c=\"d;\\\" e\"\r\ny\r\n0;e\r\n\r\n"
    #expect(transcript(field, extended) == [head, .body("xy"), .end])
    #expect(transcript(field, "1 ; a = b\r\nx\r\n0\r\n\r\n") == [head, .body("x"), .end])
    #expect(transcript(field, "0\r\nX: y\r\nContent-Length: 5\r\n\r\n") == [head, .end])
  }

  @Test(arguments: [
    // Sizes.
    "g\r\n", "\r\n", "-1\r\n", "+1\r\nx\r\n", "0x1\r\nx\r\n", " 1\r\nx\r\n", "1 \r\nx\r\n", "1\t\r\nx\r\n", "1_0\r\n",
    "1.0\r\n", "1,\r\n",
    // Extensions.
    "1;\r\nx\r\n", "1;a=\r\nx\r\n", "1;a=\"b\r\nx\r\n", "1 a\r\nx\r\n", "1;a b\r\nx\r\n", "1;a=b c\r\nx\r\n",
    "1;=b\r\nx\r\n",
    "1;a\nb\r\nx\r\n", "1;a\rb\r\nx\r\n", "1;a;\r\nx\r\n", "1;\u{0}\r\nx\r\n",
    // Ends of lines and of data.
    "1\nx\r\n", "1\rx\r\n", "1\r\nxy\r\n", "1\r\nx\n", "1\r\nx\r\r\n", "2\r\nx\r\n0\r\n\r\n", "1\r\nx0\r\n\r\n",
    "1\r\nx\rX",
    // Trailers.
    "0\r\nX\r\n\r\n", "0\r\nX : y\r\n\r\n", "0\r\n X: y\r\n\r\n", "0\r\nX: y\r\n z\r\n\r\n", "0\r\nX: \u{0}\r\n\r\n",
    "0\r\n\n",
    "0\r\nX: y\n\r\n",
  ])
  func refusesChunks(_ body: String) {
    let steps = transcript("Transfer-Encoding: chunked", body)
    #expect(steps.first == .head("POST / @a chunked"))
    #expect(steps.last == .error(.badRequest))
  }

  /// §7.1: a size has any number of digits. One that is more than can be told is more than any limit, as a declared
  /// length is.
  @Test func takesEverySizeForANumber() throws {
    func event(_ size: String) throws -> ChunkedDecoder.Event {
      var decoder = ChunkedDecoder(limits: ParserTranscript.limits)
      var offset = 0
      let input = Array("\(size)\r\n".utf8)
      return try decoder.next(input.span, &offset)
    }
    for size in [
      "7FFFFFFFFFFFFFFF", "8000000000000000", "FFFFFFFFFFFFFFFF", "10000000000000000", "ffffffffffffffffffffffff",
    ] {
      #expect(try event(size) == .chunk(.max))
    }
    #expect(try event(String(repeating: "0", count: 30) + "1a") == .chunk(0x1A))
    let zeros = String(repeating: "0", count: 30)
    #expect(transcript("Transfer-Encoding: chunked", "\(zeros)1\r\nx\r\n\(zeros)\r\n\r\n").last == .end)
    // A line has an end all the same.
    let many = String(repeating: "0", count: 64 + ParserTranscript.limits.chunkExtensionBytes)
    #expect(transcript("Transfer-Encoding: chunked", "\(many)1\r\nx\r\n").last == .error(.contentTooLarge))
  }

  @Test func boundsExtensionsAndTrailers() {
    var limits = ParserTranscript.limits
    limits.chunkExtensionBytes = 8
    limits.headerBytes = 80
    limits.headerFields = 3
    let field = "Transfer-Encoding: chunked"
    #expect(transcript(field, "1;abcdefg\r\nx\r\n0\r\n\r\n", limits: limits).last == .end)
    #expect(transcript(field, "1;abcdefgh\r\nx\r\n0\r\n\r\n", limits: limits).last == .error(.contentTooLarge))
    #expect(
      transcript(field, "1;" + String(repeating: "a", count: 80), limits: limits).last == .error(.contentTooLarge))
    // All chunks together.
    #expect(
      transcript(field, "1;abc\r\nx\r\n1;abcd\r\nx\r\n0\r\n\r\n", limits: limits).last == .error(.contentTooLarge))
    #expect(transcript(field, "0\r\n" + String(repeating: "X: y\r\n", count: 3) + "\r\n", limits: limits).last == .end)
    #expect(
      transcript(field, "0\r\n" + String(repeating: "X: y\r\n", count: 4) + "\r\n", limits: limits).last
        == .error(.headersTooLarge))
    let long = String(repeating: "y", count: 80)
    #expect(transcript(field, "0\r\nX: \(long)\r\n\r\n", limits: limits).last == .error(.headersTooLarge))
  }

  /// §6.1 and §6.3.
  @Test(arguments: [
    ("Transfer-Encoding: chunked\r\nContent-Length: 5", HTTPProtocolError.Kind.badRequest),
    ("Content-Length: 5\r\nTransfer-Encoding: chunked", .badRequest),
    ("Content-Length: 0\r\nTransfer-Encoding: chunked", .badRequest),
    ("Transfer-Encoding: identity", .badRequest), ("Transfer-Encoding: gzip", .badRequest),
    ("Transfer-Encoding: chunked, identity", .badRequest), ("Transfer-Encoding: chunked, chunked", .badRequest),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", .badRequest),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", .badRequest),
    ("Transfer-Encoding: xchunked", .badRequest), ("Transfer-Encoding: \u{B}chunked", .badRequest),
    ("Transfer-Encoding: \"chunked\"", .badRequest), ("Transfer-Encoding: chunked;q=1", .badRequest),
    ("Transfer-Encoding: chunked,", .badRequest), ("Transfer-Encoding: ,chunked", .badRequest),
    ("Transfer-Encoding:", .badRequest), ("Transfer-Encoding : chunked", .badRequest),
    ("Transfer-Encoding: chunked foo", .badRequest), ("Transfer-Encoding: chun ked", .badRequest),
    ("Transfer-Encoding\t: chunked", .badRequest), ("Transfer-Encoding:\r\n chunked", .badRequest),
    ("Transfer-Encoding: gzip, chunked", .notImplemented),
    ("Transfer-Encoding: x\r\nTransfer-Encoding: chunked", .notImplemented),
    ("Transfer-Encoding: identity, chunked", .notImplemented),
  ])
  func refusesCodings(_ fields: String, _ kind: HTTPProtocolError.Kind) {
    #expect(transcript(fields, "0\r\n\r\n") == [.error(kind)])
  }

  @Test func refusesCodingsInOneDotZero() {
    #expect(transcript("Transfer-Encoding: chunked", "0\r\n\r\n", version: "1.0") == [.error(.badRequest)])
    #expect(transcript("Content-Length: 1", "x", version: "1.0").last == .end)
  }

  @Test func takesRequestsOneAfterTheOther() {
    let (steps, isSame) = ParserTranscript.ofEverySplit(
      "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nT: u\r\n\r\n"
        + "POST /2 HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\ncd"
        + "GET /3?x HTTP/1.1\r\nHost: c\r\n\r\nBAD\r\nGET /4 HTTP/1.1\r\n")
    #expect(
      steps == [
        .head("POST /1 @a chunked"), .body("ab"), .end, .head("POST /2 @b length=2"), .body("cd"), .end,
        .head("GET /3?x @c"), .end, .error(.badRequest),
      ])
    #expect(isSame)
  }

  /// After an error, nothing is read as a request.
  @Test func staysFailed() {
    var parser = RequestParser(limits: ParserTranscript.limits, peer: .unix)
    let input = Array("BAD\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
    var offset = 0
    for _ in 0..<3 {
      #expect(throws: HTTPProtocolError.self) { try parser.next(input.span, &offset) }
    }
  }
}
