import Testing

@testable import HTTPServer

/// RFC 9112 §2 and §3.
@Suite struct RequestLineTests {
  @Test(arguments: [
    ("GET / HTTP/1.1", "GET / @a"),
    ("GET /a/b%2Fc;d=1,2:@!$&'()*+~-._ HTTP/1.1", "GET /a/b%2Fc;d=1,2:@!$&'()*+~-._ @a"),
    ("GET // HTTP/1.1", "GET // @a"),
    ("GET /../x HTTP/1.1", "GET /../x @a"),
    ("GET /? HTTP/1.1", "GET /? @a"),
    ("GET /?a=b&c=%20+/?{}|^` HTTP/1.1", "GET /?a=b&c=%20+/?{}|^` @a"),
    ("GET /a[b]|c HTTP/1.1", "GET /a[b]|c @a"),
    // The framing is sound: what is wrong with an escape is the handler's to tell.
    ("GET /%2?%g0&% HTTP/1.1", "GET /%2?%g0&% @a"),
    ("OPTIONS * HTTP/1.1", "OPTIONS * @a"),
    ("TRACE / HTTP/1.1", "TRACE / @a"),
    ("PATCH / HTTP/1.1", "PATCH / @a"),
    ("QUERY / HTTP/1.1", "QUERY / @a"),
    ("HEAD / HTTP/1.1", "HEAD / @a"),
    ("PUT / HTTP/1.1", "PUT / @a"),
    ("DELETE / HTTP/1.1", "DELETE / @a"),
    ("GET / HTTP/1.0", "GET / 1.0 @a closes"),
    // §3.2.2: the target's authority counts more than Host.
    ("GET http://b.example:81/x?y HTTP/1.1", "GET /x?y @b.example:81"),
    ("GET HTTPS://b HTTP/1.1", "GET / @b"),
    ("GET http://b?x HTTP/1.1", "GET /?x @b"),
    ("GET http://[::1]:8080/ HTTP/1.1", "GET / @[::1]:8080"),
    ("GET http://a!$&'()*+,;=b:80/ HTTP/1.1", "GET / @a!$&'()*+,;=b:80"),
    ("GET http://[v1.a:b]/ HTTP/1.1", "GET / @[v1.a:b]"),
    // §3.2.4.
    ("OPTIONS http://b HTTP/1.1", "OPTIONS * @b"),
    ("OPTIONS http://b/ HTTP/1.1", "OPTIONS / @b"),
  ])
  func takes(_ line: String, _ expected: String) {
    let (steps, isSame) = ParserTranscript.ofEverySplit("\(line)\r\nHost: a\r\n\r\n")
    #expect(steps == [.head(expected), .end])
    #expect(isSame)
  }

  @Test(arguments: [
    // §3: exactly one space, and nothing else, between the parts.
    "GET  / HTTP/1.1", "GET /  HTTP/1.1", " GET / HTTP/1.1", "GET / HTTP/1.1 ", "GET\t/ HTTP/1.1", "GET / x HTTP/1.1",
    "GET /\tHTTP/1.1", "GET /", "GET", "GET HTTP/1.1", "GET  HTTP/1.1", "/ HTTP/1.1",
    // §3.1: a method is a token.
    "G(T / HTTP/1.1", "GÉT / HTTP/1.1", "GET: / HTTP/1.1", "\"GET\" / HTTP/1.1",
    // §2.3: the version.
    "GET / http/1.1", "GET / HTTP/1.1x", "GET / HTTP/1", "GET / HTTP/11", "GET / HTTP/1,1", "GET / HTTPS/1.1",
    "GET / HTTP/ 1.1", "GET / HTTP/1.01", "GET / HTTP/-1.1", "GET / HtTP/1.1", "GET / H\u{1}TP/1.1", "GET / FTP/1.1",
    // §3.2: the target.
    "GET x HTTP/1.1", "GET ?x HTTP/1.1", "GET /#f HTTP/1.1", "GET /é HTTP/1.1", "GET /\u{1} HTTP/1.1",
    "GET /\u{7F} HTTP/1.1", "GET /\" HTTP/1.1", "GET /<a> HTTP/1.1", "GET /?<a> HTTP/1.1", "GET /a\\b HTTP/1.1",
    "GET /?a#b HTTP/1.1",
    "GET /?a\"b HTTP/1.1", "GET /^ HTTP/1.1", "GET /` HTTP/1.1", "GET /{} HTTP/1.1",
    // §3.2.2: the absolute form.
    "GET http:// HTTP/1.1", "GET http:/// HTTP/1.1", "GET http://u@b/ HTTP/1.1", "GET http://u:p@b/ HTTP/1.1",
    "GET ftp://b/ HTTP/1.1", "GET http://b:99999/ HTTP/1.1", "GET http://b:x/ HTTP/1.1", "GET http://[::1/ HTTP/1.1",
    "GET http://b#f HTTP/1.1", "GET http:b HTTP/1.1", "GET b:80 HTTP/1.1", "GET http://b\\c/ HTTP/1.1",
    "GET http://:80/ HTTP/1.1", "GET ://b/ HTTP/1.1", "GET //b HTTP/1.1 x",
    // §3.2.4: the asterisk form.
    "GET * HTTP/1.1", "OPTIONS *x HTTP/1.1", "OPTIONS ** HTTP/1.1", "TRACE * HTTP/1.1", "OPTIONS *?x HTTP/1.1",
    // §3.2.3: the authority form.
    "CONNECT / HTTP/1.1", "CONNECT b HTTP/1.1", "CONNECT b: HTTP/1.1", "CONNECT http://b:80 HTTP/1.1",
    "CONNECT u@b:80 HTTP/1.1", "CONNECT :80 HTTP/1.1", "GET b:80 HTTP/1.1",
  ])
  func refuses(_ line: String) {
    let (steps, isSame) = ParserTranscript.ofEverySplit("\(line)\r\nHost: a\r\n\r\n")
    #expect(steps == [.error(.badRequest)])
    #expect(isSame)
  }

  @Test(arguments: [
    ("GET / HTTP/2.0", HTTPProtocolError.Kind.versionNotSupported), ("GET / HTTP/0.9", .versionNotSupported),
    ("GET / HTTP/1.2", .versionNotSupported), ("GET / HTTP/3.0", .versionNotSupported),
    ("PRI * HTTP/2.0", .versionNotSupported), ("NONSENSE x HTTP/9.9", .versionNotSupported),
    // RFC 9110 §9.1: methods have a case.
    ("get / HTTP/1.1", .notImplemented), ("Get / HTTP/1.1", .notImplemented), ("BREW / HTTP/1.1", .notImplemented),
    ("GETX / HTTP/1.1", .notImplemented), ("CONNECT b:80 HTTP/1.1", .methodNotAllowed),
    ("CONNECT [::1]:80 HTTP/1.1", .methodNotAllowed),
    ("\(String(repeating: "M", count: 9000)) / HTTP/1.1", .notImplemented),
  ])
  func refusesWhatIsNotSpoken(_ line: String, _ kind: HTTPProtocolError.Kind) {
    let (steps, isSame) = ParserTranscript.ofEverySplit("\(line)\r\nHost: a\r\n\r\n")
    #expect(steps == [.error(kind)])
    #expect(isSame)
  }

  @Test func takesTheWholePrefaceOfHTTP2ForOneVersion() {
    let (steps, isSame) = ParserTranscript.ofEverySplit("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    #expect(steps == [.error(.versionNotSupported)])
    #expect(isSame)
  }

  /// §2.2: at least one empty line before a request is ignored.
  @Test func skipsOneEmptyLine() {
    let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    let one = ParserTranscript.ofEverySplit("\r\n\(request)\r\n\(request)")
    #expect(one.steps == [.head("GET / @a"), .end, .head("GET / @a"), .end])
    #expect(one.isSame)
    let two = ParserTranscript.ofEverySplit("\r\n\r\n\(request)")
    #expect(two.steps == [.error(.badRequest)])
    #expect(two.isSame)
  }

  /// §2.2: neither a bare LF nor a bare CR ends a line, and neither is taken for a blank.
  @Test(arguments: [
    "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\n\r\n", "GET / HTTP/1.1\rHost: a\r\r",
    "\nGET / HTTP/1.1\r\n",
    "GET /\rHTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", "\r\r\n",
    "\u{16}\u{3}\u{1}", "GET /\u{0} HTTP/1.1\r\n",
  ])
  func refusesControlCharacters(_ input: String) {
    let (steps, isSame) = ParserTranscript.ofEverySplit(input)
    #expect(steps == [.error(.badRequest)])
    #expect(isSame)
  }

  @Test func boundsTheLine() {
    var limits = ParserTranscript.limits
    limits.requestLineBytes = 40
    let fitting = "GET /" + String(repeating: "a", count: 40 - 14)
    let exact = ParserTranscript.ofEverySplit("\(fitting) HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits)
    #expect(exact.steps.count == 2)
    #expect(exact.isSame)
    let longer = ParserTranscript.ofEverySplit("\(fitting)a HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits)
    #expect(longer.steps == [.error(.uriTooLong)])
    #expect(longer.isSame)
    // Without its end, too.
    #expect(
      ParserTranscript.of([ArraySlice(String(repeating: "A", count: 41).utf8)], limits: limits) == [.error(.uriTooLong)]
    )
  }
}
