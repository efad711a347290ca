import Testing

@testable import HTTPServer

@Suite struct ExchangeTests {
  @Test func answersAndGoesOn() async throws {
    try await withServer { _, address in
      let client = try RawClient(address)
      for _ in 0..<3 {
        try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let response = try await client.response()
        #expect(response.status == 200)
        #expect(response.text == "hello")
        #expect(response.headers["Content-Length"] == "5")
        #expect(response.headers["Connection"] == nil)
        #expect(response.headers["Date"]?.hasSuffix(" GMT") == true)
      }
    }
  }

  @Test func answersPipelinedRequestsInOrder() async throws {
    try await withServer { _, address in
      let client = try RawClient(address)
      try await client.send(
        "GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
          + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /stream HTTP/1.1\r\nHost: a\r\n\r\n"
          + "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n2;a=b\r\n12\r\n0\r\n\r\n"
          + "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      var texts: [String] = []
      for _ in 0..<5 { texts.append(try await client.response().text) }
      #expect(texts == ["later", "hello", "abc", "one two three", "xyz12"])
      let last = try await client.response(to: "HEAD")
      #expect(last.headers["Content-Length"] == "5")
      #expect(last.headers["Connection"] == "close")
      #expect(try await client.remainder() == [])
    }
  }
}
