import EventoGateway
import HTTPServer
import TestSupport
import Testing

/// What pages of other sites may do: docs/http-api.md §9.2 and §9.3.
@Suite struct BrowserTests {
  private func send(
    _ client: HTTPClient, _ method: String = "GET", _ target: String = "/events", host: String? = nil,
    origin: String? = nil,
    _ more: [(name: String, value: String)] = []
  )
    async throws -> HTTPResponse
  {
    let connection = try RawConnection(port: client.port)
    var head = "\(method) \(target) HTTP/1.1\r\nHost: \(host ?? "127.0.0.1:\(client.port)")\r\nConnection: close\r\n"
    if let origin { head += "Origin: \(origin)\r\n" }
    for field in more { head += "\(field.name): \(field.value)\r\n" }
    try await connection.send(head + "\r\n")
    var responses = HTTPResponseReader(connection)
    return try await responses.next(hasBody: method != "HEAD")
  }

  @Test func letsItsOwnPagesAndNoOthers() async throws {
    try await withGateway { client in
      let own = "127.0.0.1:\(client.port)"
      #expect(try await send(client, origin: "http://\(own)").status == 200)
      #expect(try await send(client, host: "Store.Example", origin: "http://store.example").status == 200)
      #expect(try await send(client, host: "store.example:80", origin: "http://store.example").status == 200)
      for origin in [
        "https://\(own)", "http://127.0.0.1:\(client.port &+ 1)", "http://evil.example", "null", "",
        "http://\(own).evil.example",
        "http://\(own)/", "file://", "http://\(own), http://\(own)", "http://\(own)@evil.example", "http://user@\(own)",
      ] {
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
          let response = try await send(client, method, origin: origin)
          #expect(response.status == 403, "\(method) \(origin)")
          #expect(response["Access-Control-Allow-Origin"] == nil)
        }
      }
      try expectProblem(await send(client, origin: "http://evil.example"), 403, "forbidden")
      try expectProblem(await send(client, "OPTIONS", "*", origin: "http://evil.example"), 403, "forbidden")
      #expect(try await send(client, "OPTIONS", "*", origin: "http://\(own)").status == 204)
    }
  }

  @Test func servesAllowedOriginsByTheFetchStandard() async throws {
    let origin = "https://app.example.org"
    try await withGateway({ $0.allowedOrigins = [WebOrigin(origin)].compactMap { $0 } }) { client in
      let response = try await send(client, origin: origin)
      #expect(response.status == 200)
      #expect(response["Access-Control-Allow-Origin"] == origin)
      #expect(response.fields.contains { $0.name == "Vary" && $0.value == "Origin" })
      #expect(response["Access-Control-Expose-Headers"]?.contains("X-Request-Id") == true)
      #expect(response["Access-Control-Allow-Credentials"] == nil)

      let preflight = try await send(
        client, "OPTIONS", origin: origin,
        [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,content-type")])
      #expect(preflight.status == 204)
      #expect(preflight["Access-Control-Allow-Origin"] == origin)
      #expect(preflight["Access-Control-Allow-Methods"]?.contains("POST") == true)
      let headers = try #require(preflight["Access-Control-Allow-Headers"]?.lowercased())
      #expect(headers.contains("authorization") && headers.contains("content-type"))

      // An error is the page's to see as well.
      let connection = try RawConnection(port: client.port)
      try await connection.send("GET /nowhere HTTP/1.1\r\nHost: x\r\nOrigin: \(origin)\r\nConnection: close\r\n\r\n")
      var responses = HTTPResponseReader(connection)
      #expect(try await responses.next()["Access-Control-Allow-Origin"] == origin)

      let without = try await send(client)
      #expect(without["Access-Control-Allow-Origin"] == nil)
      #expect(without.fields.contains { $0.name == "Vary" && $0.value == "Origin" })
      #expect(try await send(client, origin: "https://app.example.org:444").status == 403)
      #expect(try await send(client, origin: "http://app.example.org").status == 403)
      #expect(try await send(client, origin: "https://app.example.org.evil.example").status == 403)
    }
  }

  @Test func isNotReachedUnderAnotherNameWithoutTokens() async throws {
    try await withGateway({
      $0.hosts = .loopback
      $0.allowedHosts = ["Store.internal", "fe80::1"].compactMap { HostName($0) }
    }) { client in
      for host in [
        "127.0.0.1", "localhost", "LOCALHOST:\(client.port)", "[::1]:80", "127.9.9.9", "a.localhost",
        "store.internal:99", "localhost.", "localhost.:\(client.port)", "store.internal.", "[fe80::1]:8080",
        "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
      ] {
        #expect(try await send(client, host: host).status == 200, "\(host)")
      }
      for host in [
        "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "127.1", "10.0.0.1", "[::2]", "xlocalhost",
        "localhost..", "127.0.0.01", "evil.example:8080", "a!$&'()*+,;=b", "localhost,evil.example", "[v1.localhost]",
        "[v1.a]:80",
      ] {
        let response = try await send(client, host: host)
        try expectProblem(response, 421, "misdirected_request")
        // A page that had its own name point here is of the same origin, for the browser.
        #expect(try await send(client, host: host, origin: "http://\(host)").status == 421)
        #expect(try await send(client, "OPTIONS", host: host).status == 421)
        #expect(try await send(client, "OPTIONS", "*", host: host).status == 421)
        // As it is to be named: without its port.
        if host.hasPrefix("evil.example") { #expect(response.text.contains("\\\"evil.example\\\"")) }
      }
    }
  }

  /// Served on any address, it is reached by any, which no name server can have point elsewhere; a name is to be given.
  @Test func isReachedByAddressesWithoutTokens() async throws {
    try await withGateway({
      $0.hosts = .addresses
      $0.allowedHosts = ["store.internal"].compactMap { HostName($0) }
    }) { client in
      for host in [
        "127.0.0.1", "localhost", "10.0.0.1:8080", "192.0.2.1", "[2001:db8::1]:80", "[::ffff:10.0.0.1]",
        "store.internal:99",
      ] {
        #expect(try await send(client, host: host).status == 200, "\(host)")
        #expect(try await send(client, "POST", host: host, origin: "http://evil.example").status == 403)
      }
      for host in ["evil.example", "evento", "10.0.0.1.evil.example", "127.1", "0x7f000001", "10.0.0.256"] {
        for method in ["GET", "POST", "OPTIONS"] {
          let response = try await send(client, method, host: host, origin: "http://\(host)")
          try expectProblem(response, 421, "misdirected_request")
          #expect(response.text.contains("--allowed-host") && response.text.contains("IP address"))
        }
      }
    }
  }

  @Test(arguments: [
    "https://app.example.org", "http://app.example.org:8080", "http://[2001:db8::1]:80", "HTTPS://App.Example.org",
  ])
  func takesOriginsAsBrowsersWriteThem(_ text: String) {
    #expect(WebOrigin(text) != nil)
  }

  @Test(arguments: [
    "*", "null", "app.example.org", "https://", "https://a/", "https://a?b", "ftp://a", "https://a b", "https://a:x",
    "https://a:99999",
    "https://u@a", "https://[::1", "https://a:-1", "",
  ])
  func takesNoOthers(_ text: String) {
    #expect(WebOrigin(text) == nil)
  }

  @Test(arguments: ["store.example", "Store.Example.", "192.0.2.1", "[2001:db8::1]", "2001:db8::"])
  func takesHostsByName(_ text: String) {
    #expect(HostName(text) != nil)
  }

  @Test(arguments: [
    "store.example:8080", "store.example:", "[2001:db8::1]:80", "https://store.example", "store.example/", "", ".",
    "a b",
    "*", "[::1",
  ])
  func takesNoOtherHosts(_ text: String) {
    #expect(HostName(text) == nil)
  }

  @Test func theStandardPortMayBeLeftOut() {
    #expect(WebOrigin("https://a:443") == WebOrigin("https://a"))
    #expect(WebOrigin("http://a:443") != WebOrigin("http://a"))
  }
}
