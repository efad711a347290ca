import EventoGateway
import TestSupport
import Testing

/// docs/http-api.md §12.2 and §12.3: which path is a resource, and which methods it has.
@Suite struct MethodAndPathTests {
  @Test func respondsToOptionsWithTheAllowedMethods() async throws {
    try await withGateway { client in
      for (path, allow) in [
        ("/events", "GET, HEAD, POST, OPTIONS"), ("/events/query", "POST, OPTIONS"),
        ("/subscribers/k", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        ("/snapshots/t/1/i", "GET, HEAD, PUT, DELETE, OPTIONS"),
      ] {
        let response = try await client.send("OPTIONS", path)
        #expect(response.status == 204)
        #expect(response["Allow"] == allow)
        #expect(response["Content-Length"] == nil)
      }
      let all = try await client.send("OPTIONS", "*")
      #expect(all.status == 204)
      #expect(all["X-Request-Id"] != nil && all["Date"] != nil)
      try expectProblem(await client.send("OPTIONS", "/nowhere"), 404, "not_found")
    }
  }

  @Test(arguments: ["PUT", "PATCH", "DELETE", "TRACE", "QUERY"])
  func refusesMethodsWithoutMeaning(_ method: String) async throws {
    try await withGateway { client in
      let response = try await client.send(method, "/events")
      try expectProblem(response, 405, "method_not_allowed")
      #expect(response["Allow"] == "GET, HEAD, POST, OPTIONS")
    }
  }

  /// RFC 9110 §9.3.6: its target is no resource of the gateway's.
  @Test func doesNotConnect() async throws {
    try await withGateway { client in
      let response = try await client.send("CONNECT", "localhost:80")
      try expectProblem(response, 405, "method_not_allowed")
      #expect(response["Allow"] == "GET, HEAD, DELETE, PATCH, POST, PUT, OPTIONS")
    }
  }

  @Test(arguments: ["BREW", "get", "PROPFIND", "GETT"])
  func doesNotKnowOtherMethods(_ method: String) async throws {
    try await withGateway { client in
      let response = try await client.send(method, "/events")
      try expectProblem(response, 501, "not_implemented")
      #expect(response.text.contains("write GET") == (method == "get"))
    }
  }

  @Test(arguments: ["GET", "HEAD"])
  func respondsToHeadAsToGet(_ method: String) async throws {
    try await withGateway { client in
      try await client.writeEvents(1)
      let got = try await client.send("GET", "/events")
      let headed = try await client.send("HEAD", "/events")
      #expect(headed.status == 200 && headed.body.isEmpty)
      #expect(headed["Content-Length"] == "\(got.body.count)")
      #expect(headed["Content-Type"] == "application/json")
      let missing = try await client.send("HEAD", "/subscribers/k")
      #expect(missing.status == 404 && missing.body.isEmpty)
    }
  }

  @Test(arguments: [
    "/", "/event", "/events/", "/events/query/x", "/Events", "/subscribers/", "/subscribers/k/", "/subscribers/k/x",
    "/snapshots", "/snapshots/t", "/snapshots/t/1", "/snapshots/t/1/", "/snapshots//1/i", "/healthz/",
  ])
  func knowsNoOtherPath(_ path: String) async throws {
    try await withGateway { client in
      try expectProblem(await client.send("GET", path), 404, "not_found")
    }
  }

  /// A path may have as many segments as bytes.
  @Test func findsWhatALongPathNames() async throws {
    try await withGateway { client in
      let slashes = String(repeating: "/", count: 16_000)
      for method in ["GET", "PUT", "OPTIONS", "HEAD"] {
        #expect(try await client.send(method, slashes).status == 404)
        #expect(try await client.send(method, "/events" + slashes).status == 404)
        #expect(try await client.send(method, "/snapshots" + slashes).status == 404, "no id")
      }
      let refused = try await client.send("POST", "/snapshots" + slashes + "t/1/i")
      try expectProblem(refused, 405, "method_not_allowed")
      #expect(refused["Allow"] == "GET, HEAD, PUT, DELETE, OPTIONS")
      let long = try await client.send("GET", "/snapshots" + String(repeating: "/x", count: 7000))
      try expectProblem(long, 400, "invalid_request")
      #expect(long.text.contains("The type in the path must be 1 to 255 bytes of UTF-8, but has 13995"))
      let key = try await client.send("GET", "/subscribers/" + String(repeating: "%41", count: 5000))
      #expect(key.text.contains("must be 1 to 255 bytes of UTF-8, but has 5000"))
      // The longest that a name can be.
      let escaped = String(repeating: "%C3%A9", count: 127) + "a"
      let path = "/snapshots/\(escaped)/\(escaped)/\(escaped)"
      let cursor = try await client.writeEvents(1)[0]
      #expect(try await client.send("PUT", path, "{\"cursor\":\"\(cursor)\",\"data\":1}").status == 204)
      #expect(try await client.send("GET", path.replacing("%C3%A9", with: "%c3%a9")).status == 200)
      #expect(try await client.send("GET", "/%65vents").status == 200)
      #expect(try await client.send("GET", "/%65%76%65%6E%74%73?first=1").status == 200)
    }
  }

  @Test func standsBelowABasePath() async throws {
    try await withGateway({ $0.basePath = "/evento/v1" }) { client in
      for path in ["/healthz", "/openapi.yaml", "/evento/v1/nothing"] {
        let response = try await client.send("GET", path)
        try expectProblem(response, 404, "not_found")
        #expect(response.text.contains("GET /evento/v1/openapi.yaml"))
      }
      #expect(try await client.send("GET", "/evento/v1/openapi.yaml").status == 200)
      #expect(try await client.send("GET", "/evento/v1/healthz").status == 200)
      let response = try await client.send("POST", "/evento/v1/events", writeJSON(eventJSON()))
      let location = try #require(response["Location"])
      #expect(location.hasPrefix("/evento/v1/events/"))
      #expect(try await client.send("GET", location).status == 200)
    }
  }
}
