import TestSupport
import Testing

/// `/snapshots/{type}/{revision}/{id}`: docs/http-api.md §7.
@Suite struct SnapshotTests {
  @Test(arguments: Engine.available) func isKeptByTypeRevisionAndID(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      let cursor = try await client.writeEvents(1)[0]
      func put(_ path: String, _ payload: String) async throws -> Int {
        try await client.send("PUT", "/snapshots/\(path)", "{\"cursor\":\"\(cursor)\",\(payload)}").status
      }
      #expect(try await put("bank%2FAccount/1/a", "\"data\":{\"balance\":1.10}") == 204)
      #expect(try await put("bank%2FAccount/2/a", "\"data_base64\":\"AP8=\"") == 204)
      let one = try await client.send("GET", "/snapshots/bank%2FAccount/1/a")
      #expect(one.status == 200)
      #expect(one.text == "{\"cursor\":\"\(cursor)\",\"data\":{\"balance\":1.10}}\n")
      let same = try await client.send("GET", "/snapshots/bank/Account/1/a")
      #expect(same.body == one.body, "a proxy may have decoded the slash")
      #expect(try await client.send("GET", "/snapshots/bank/Account/2/a").json["data_base64"] == "AP8=")
      #expect(
        try await client.send("GET", "/snapshots/bank/Account/1/a?encoding=base64").json["data_base64"]
          == "eyJiYWxhbmNlIjoxLjEwfQ==")
      #expect(try await put("bank/Account/1/a", "\"data\":2") == 204)
      #expect(try await client.send("GET", "/snapshots/bank%2FAccount/1/a").json["data"] == 2)
      #expect(try await client.send("DELETE", "/snapshots/bank/Account/1/a").status == 204)
      try expectProblem(await client.send("DELETE", "/snapshots/bank/Account/1/a"), 404, "snapshot_not_found")
      try expectProblem(await client.send("GET", "/snapshots/bank/Account/1/a"), 404, "snapshot_not_found")
      #expect(try await client.send("GET", "/snapshots/bank/Account/2/a").status == 200)
    }
  }

  @Test func takesSlashesAndDotsInEveryName() async throws {
    try await withGateway { client in
      let cursor = try await client.writeEvents(1)[0]
      let path = "/snapshots/a%2F..%2Fb/%2E/%2F%2e%2e"
      #expect(try await client.send("PUT", path, "{\"cursor\":\"\(cursor)\",\"data\":1}").status == 204)
      #expect(try await client.send("GET", path).status == 200)
      #expect(try await client.send("GET", "/snapshots/a/../b/./%2F..").status == 200)
    }
  }

  @Test(arguments: [
    ("{\"data\":1}", "/cursor"), ("{\"cursor\":\"C\"}", "/data"), ("{\"cursor\":null,\"data\":1}", "/cursor"),
    ("{\"cursor\":\"C\",\"data\":1,\"data_base64\":\"\"}", "/data_base64"),
    ("{\"cursor\":\"C\",\"data\":1,\"x\":1}", "/x"),
  ])
  func refusesAnotherShape(_ body: String, _ member: String) async throws {
    try await withGateway { client in
      let cursor = try await client.writeEvents(1)[0]
      let response = try await client.send("PUT", "/snapshots/t/1/i", body.replacing("C", with: cursor))
      try expectProblem(response, 400, "invalid_request", member: member)
      try expectProblem(await client.send("GET", "/snapshots/t/1/i"), 404, "snapshot_not_found")
    }
  }
}
