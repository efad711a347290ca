import Testing

@testable import HTTPServer

/// RFC 9112 §5 and §3.2, RFC 9110 §5 and §10.1.1.
@Suite struct HeaderSectionTests {
  private func transcript(_ fields: String, limits: ParserLimits = ParserTranscript.limits) -> [ParserStep] {
    let (steps, isSame) = ParserTranscript.ofEverySplit("GET / HTTP/1.1\r\n\(fields)\r\n\r\n", limits: limits)
    #expect(isSame)
    return steps
  }

  @Test(arguments: [
    "Host: a", "host:a", "HOST:\ta\t ", "Host:a\r\nX:", "Host: a\r\nX: \t", "Host: a\r\nX-Y_Z.~!#$%&'*+^`|1: b\tc d",
    "Host: a\r\nX: é\u{80}", "Host: a\r\nX: a: b: c", "Host: a\r\nX: 1\r\nX: 2",
  ])
  func takes(_ fields: String) {
    #expect(transcript(fields) == [.head("GET / @a"), .end])
  }

  @Test(arguments: [
    // §5.1: no blank before the colon.
    "Host : a", "Host: a\r\nX : b", "Host: a\r\nX\t: b",
    // §5.2: no folding; §2.2: no blank before the first field.
    "Host: a\r\n b", "Host: a\r\nX: b\r\n\tc", " Host: a", "Host: a\r\n ", "\tX: b\r\nHost: a",
    // Names are tokens.
    "Host: a\r\n: b", "Host: a\r\nX", "Host: a\r\nX Y: b", "Host: a\r\nX(: b", "Host: a\r\nÉ: b", "Host: a\r\n\"X\": b",
    "Host: a\r\nX@: b", "Host: a\r\nX/Y: b", "Host: a\r\nX=y", "Host: a\r\n{}: b",
    // RFC 9110 §5.5: no control character in a value.
    "Host: a\r\nX: b\u{0}c", "Host: a\r\nX: b\rc", "Host: a\r\nX: b\nc", "Host: a\r\nX: \u{1B}", "Host: a\r\nX: \u{7F}",
    "Host: a\r\nX\u{0}: b", "Host: a\r\nX: \u{8}", "Host: a\r\nX: b\r\n\u{0}", "Host: a\r\nX: b\u{B}",
  ])
  func refuses(_ fields: String) {
    #expect(transcript(fields) == [.error(.badRequest)])
  }

  /// RFC 9112 §3.2.
  @Test(arguments: [
    "X: a", "Host: a\r\nHost: a", "Host: a\r\nhOST: b", "Host:", "Host: ", "Host: a b", "Host: a, b",
    "Host: a/b", "Host: http://a", "Host: a:b", "Host: a:80:80", "Host: a:99999", "Host: a:-1", "Host: a:+80",
    "Host: u@a", "Host: :80", "Host: [::1", "Host: ::1", "Host: [g::1]", "Host: []", "Host: [::1]x", "Host: a#",
    "Host: a?",
    "Host: é", "Host: a%00", "Host: a%0A", "Host: a%1f", "Host: a%7F", "Host: a%", "Host: a%2", "Host: a%2g",
    "Host: a%%2d", "Host: a%2:80", "Host: %3a%", "Host: [%3a:1]", "Host: [::1%25lo]", "Host: \"a\"",
    "Host: [v.a]", "Host: [v1.]", "Host: [vg.a]", "Host: [v1]",
    "Host: [v1.a/b]", "Host: [v1.a", "Host: [1.a]", "Host: [v1.%61]",
    "Host: a\\b", "Host: [::1]:x", "Host: a:8 0",
  ])
  func refusesHost(_ fields: String) {
    #expect(transcript(fields) == [.error(.badRequest)])
  }

  @Test(arguments: [
    "a", "a:", "a:80", "a-b.example.com:65535", "127.0.0.1:1", "[::1]", "[::1]:8080", "a_b", "[::ffff:1.2.3.4]",
    // RFC 3986 §3.2.2: sub-delims, and literals of later versions.
    "a!$&'()*+,;=b", "a,b:80", "[v1.a]", "[VfF.a:b!$&'()*+,;=~]:80",
    // RFC 3986 §3.2.2: pct-encoded, which stays as it is.
    "a%2db.example", "a%2Db.example:80", "%C3%A9.example", "%20", "%ff", "a%2d",
  ])
  func takesHost(_ host: String) {
    #expect(transcript("Host: \(host)") == [.head("GET / @\(host)"), .end])
  }

  /// RFC 9112 §3.2 asks for it from HTTP/1.1 on.
  @Test func needsNoHostInOneDotZero() {
    let none = ParserTranscript.ofEverySplit("GET / HTTP/1.0\r\n\r\n")
    #expect(none.steps == [.head("GET / 1.0 closes"), .end])
    let two = ParserTranscript.ofEverySplit("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n")
    #expect(two.steps == [.error(.badRequest)])
    let absolute = ParserTranscript.ofEverySplit("GET http://b/ HTTP/1.1\r\n\r\n")
    #expect(absolute.steps == [.error(.badRequest)])
  }

  /// RFC 9112 §9.3.
  @Test(arguments: [
    ("1.1", "Connection: close", "GET / @a closes"), ("1.1", "Connection: CLOSE", "GET / @a closes"),
    ("1.1", "connection: x, Close ,y", "GET / @a closes"), ("1.1", "Connection: keep-alive", "GET / @a"),
    ("1.1", "Connection: keep-alive\r\nConnection: close", "GET / @a closes"),
    ("1.1", "Connection: closed", "GET / @a"),
    ("1.1", "Connection:", "GET / @a"), ("1.1", "Connection: ,,", "GET / @a"),
    ("1.0", "Connection: Keep-Alive", "GET / 1.0 @a"), ("1.0", "Connection: close, keep-alive", "GET / 1.0 @a closes"),
    ("1.0", "X: y", "GET / 1.0 @a closes"),
  ])
  func readsConnection(_ version: String, _ field: String, _ expected: String) {
    let (steps, isSame) = ParserTranscript.ofEverySplit("GET / HTTP/\(version)\r\nHost: a\r\n\(field)\r\n\r\n")
    #expect(steps == [.head(expected), .end])
    #expect(isSame)
  }

  /// RFC 9110 §10.1.1.
  @Test(arguments: [
    ("Expect: 100-continue", ParserStep.head("GET / @a expects")), ("expect: 100-CONTINUE", .head("GET / @a expects")),
    ("Expect: 100-continue\r\nExpect: 100-continue", .head("GET / @a expects")),
    ("Expect: 200-ok", .error(.expectationFailed)), ("Expect:", .error(.expectationFailed)),
    ("Expect: 100-continue, x", .error(.expectationFailed)),
    ("Expect: 100-continue\r\nExpect: x", .error(.expectationFailed)),
  ])
  func readsExpectations(_ fields: String, _ expected: ParserStep) {
    #expect(transcript("Host: a\r\n\(fields)").first == expected)
  }

  @Test func ignoresExpectContinueInOneDotZero() {
    let (steps, _) = ParserTranscript.ofEverySplit("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n")
    #expect(steps == [.head("GET / 1.0 closes"), .end])
  }

  @Test func boundsTheSection() {
    var limits = ParserTranscript.limits
    limits.headerBytes = 40
    // "Host: a" and its end are 9 bytes.
    let fitting = "Host: a\r\nX: " + String(repeating: "b", count: 40 - 9 - 3)
    #expect(transcript(fitting, limits: limits) == [.head("GET / @a"), .end])
    #expect(transcript("\(fitting)b", limits: limits) == [.error(.headersTooLarge)])
    #expect(
      transcript("Host: a\r\n" + String(repeating: "X: bcd\r\n", count: 9), limits: limits) == [
        .error(.headersTooLarge)
      ])
  }

  @Test func boundsTheFields() {
    let ninetyNine = String(repeating: "X: b\r\n", count: 99)
    #expect(transcript("\(ninetyNine)Host: a") == [.head("GET / @a"), .end])
    #expect(transcript("\(ninetyNine)Host: a\r\nX: b") == [.error(.headersTooLarge)])
  }

  @Test func keepsFieldsInOrder() throws {
    var parser = RequestParser(limits: ParserTranscript.limits, peer: .unix)
    let input = Array("GET / HTTP/1.1\r\nHost: a\r\nX-b:  1 \r\nx-B: zwei é\r\nY: \u{FF}\r\n\r\n".utf8)
    var offset = 0
    guard case .head(let head) = try parser.next(input.span, &offset) else {
      Issue.record("no head")
      return
    }
    #expect(offset == input.count)
    #expect(head.headers.map(\.name) == ["Host", "X-b", "x-B", "Y"])
    #expect(head.headers.values(of: "x-b") == ["1", "zwei é"])
    #expect(head.headers["HOST"] == "a")
    #expect(head.headers["none"] == nil)
  }

  /// RFC 9110 §5.5: bytes that are no text are opaque, and stay apart from each other.
  @Test func keepsBytesThatAreNotUTF8() throws {
    var parser = RequestParser(limits: ParserTranscript.limits, peer: .unix)
    let input = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + [0xFF, 0xC3, 0x28] + Array("\r\n\r\n".utf8)
    var offset = 0
    guard case .head(let head) = try parser.next(input.span, &offset) else {
      Issue.record("no head")
      return
    }
    #expect(head.headers["X"] == "\u{FF}\u{C3}(")
  }
}
