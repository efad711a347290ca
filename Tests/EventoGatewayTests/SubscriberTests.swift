import TestSupport
import Testing

/// `/subscribers`: docs/http-api.md §6.
@Suite struct SubscriberTests {
  private static let first = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
  private static let second = "01BX5ZZKBKACTAV9WEVGEMMVRZ"

  private func put(_ client: HTTPClient, _ key: String, by worker: String) async throws -> HTTPResponse {
    try await client.send("PUT", "/subscribers/\(key)", "{\"worker_id\":\"\(worker)\"}")
  }

  @Test(arguments: Engine.available) func isTakenOverWithWhatItHas(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      let cursor = try await client.writeEvents(1)[0]
      let new = try await put(client, "k", by: Self.first.lowercased())
      #expect(new.status == 201)
      let subscriber = try new.json
      #expect(subscriber.names == ["key", "worker_id", "cursor", "lag", "enabled", "created_at", "updated_at"])
      #expect(
        subscriber["key"] == "k" && subscriber["worker_id"] == .string(Self.first) && subscriber["cursor"] == .null)
      #expect(subscriber["lag"] == 0 && subscriber["enabled"] == true)
      #expect(subscriber["created_at"]?.string?.hasSuffix("Z") == true)

      let acknowledged = try await client.send(
        "PUT", "/subscribers/k/cursor",
        "{\"cursor\":\"\(cursor)\",\"lag\":9007199254740991,\"worker_id\":\"\(Self.first)\"}")
      #expect(acknowledged.status == 200)
      #expect(
        try acknowledged.json["cursor"] == .string(cursor) && acknowledged.json["lag"]?.int == 9_007_199_254_740_991)

      let taken = try await put(client, "k", by: Self.second)
      #expect(taken.status == 200)
      #expect(try taken.json["worker_id"] == .string(Self.second) && taken.json["cursor"] == .string(cursor))
      try expectProblem(
        await client.send("PUT", "/subscribers/k/cursor", "{\"cursor\":null,\"worker_id\":\"\(Self.first)\"}"), 409,
        "subscriber_taken_over")
      for (worker, isRunning) in [(Self.first, false), (Self.second, true)] {
        let response = try await client.send("GET", "/subscribers/k/workers/\(worker)")
        #expect(try response.status == 200 && response.json == .object(["running": .bool(isRunning)]))
      }
      #expect(try await client.send("GET", "/subscribers/none/workers/\(Self.first)").json["running"] == false)
      try expectProblem(await client.send("GET", "/subscribers/k/workers/x"), 400, "invalid_request")
    }
  }

  @Test(arguments: Engine.available) func goesBackToTheBeginning(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      let cursors = try await client.writeEvents(2)
      _ = try await put(client, "k", by: Self.first)
      for cursor in ["\"\(cursors[1])\"", "\"\(cursors[0])\"", "null"] {
        let response = try await client.send("PUT", "/subscribers/k/cursor", "{\"cursor\":\(cursor)}")
        #expect(response.status == 200)
        #expect(response.text.contains("\"cursor\":\(cursor)"))
      }
    }
  }

  @Test(arguments: Engine.available) func isSwitchedOffAndDeleted(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      _ = try await put(client, "k", by: Self.first)
      let off = try await client.send("PATCH", "/subscribers/k", "{\"enabled\":false}")
      #expect(try off.status == 200 && off.json["enabled"] == false)
      #expect(try await client.send("GET", "/subscribers/k/workers/\(Self.first)").json["running"] == false)
      #expect(try await client.send("PUT", "/subscribers/k/cursor", "{\"cursor\":null,\"lag\":3}").json["lag"] == 3)
      #expect(try await put(client, "k", by: Self.second).json["enabled"] == false, "a take-over keeps it")
      #expect(try await client.send("DELETE", "/subscribers/k").status == 204)
      for (method, path, body) in [
        ("GET", "/subscribers/k", nil), ("DELETE", "/subscribers/k", nil),
        ("PATCH", "/subscribers/k", "{\"enabled\":true}"),
        ("PUT", "/subscribers/k/cursor", "{\"cursor\":null}"),
      ] as [(String, String, String?)] {
        try expectProblem(await client.send(method, path, body), 404, "subscriber_not_found")
      }
    }
  }

  @Test func isListedByKey() async throws {
    try await withGateway { client in
      for key in ["b", "a%2Fb", "%C3%A9", "Z", "a%20b", "%2E%2E"] {
        #expect(try await put(client, key, by: Self.first).status == 201)
      }
      let page = try await client.send("GET", "/subscribers").json
      let keys = page["subscribers"]?.array?.map { $0["key"]?.string }
      #expect(keys == ["..", "Z", "a b", "a/b", "b", "é"])
    }
  }

  @Test(arguments: Engine.available) func isListedPageByPage(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      for key in ["b", "a%2Fb", "%C3%A9", "Z", "a%20b", "a%2Bb", "%26"] {
        #expect(try await put(client, key, by: Self.first).status == 201)
      }
      for (query, keys, hasNext) in [
        ("", ["&", "Z", "a b", "a+b", "a/b", "b", "é"], false),
        ("?first=1000", ["&", "Z", "a b", "a+b", "a/b", "b", "é"], false),
        ("?first=7", ["&", "Z", "a b", "a+b", "a/b", "b", "é"], false),
        ("?first=6", ["&", "Z", "a b", "a+b", "a/b", "b"], true),
        ("?first=2&after=%26", ["Z", "a b"], true), ("?first=2&after=a+b", ["a+b", "a/b"], true),
        ("?first=02&after=a%2Bb", ["a/b", "b"], true), ("?after=a", ["a b", "a+b", "a/b", "b", "é"], false),
        ("?first=1&after=b", ["é"], false), ("?after=%C3%A9", [], false), ("?after=%F4%8F%BF%BF&first=1", [], false),
      ] as [(String, [String], Bool)] {
        let response = try await client.send("GET", "/subscribers\(query)")
        #expect(response.status == 200, "\(query)")
        let page = try response.json
        #expect(page.names == ["subscribers", "page_info"])
        #expect(page["subscribers"]?.array?.map { $0["key"]?.string } == keys, "\(query)")
        #expect(page["page_info"] == .object(["has_next_page": .bool(hasNext)]), "\(query)")
        #expect(try await client.send("HEAD", "/subscribers\(query)").status == 200)
      }
    }
  }

  @Test func aListIsBoundedHoweverManyThereAre() async throws {
    try await withGateway { client in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<16 {
          group.addTask {
            for number in 0..<70 { _ = try await put(client, "s\(number * 16 + task)", by: Self.first) }
          }
        }
        try await group.waitForAll()
      }
      let page = try await client.send("GET", "/subscribers").json
      #expect(page["subscribers"]?.array?.count == 1000 && page["page_info"]?["has_next_page"] == true)
      let last = try #require(page["subscribers"]?.array?.last?["key"]?.string)
      let rest = try await client.send("GET", "/subscribers?after=\(last)").json
      #expect(rest["subscribers"]?.array?.count == 120 && rest["page_info"]?["has_next_page"] == false)
    }
  }

  @Test(arguments: [
    ("first=0", "first"), ("first=1001", "first"), ("first=-1", "first"), ("first=", "first"), ("first=1.0", "first"),
    ("first=99999999999999999999", "first"), ("first=1&first=1", "first"), ("after=", "after"), ("after", "after"),
    ("after=a&after=b", "after"), ("after=%00", "after"), ("after=a%7F", "after"), ("after=a%0Ab", "after"),
    ("after=\(String(repeating: "k", count: 256))", "after"), ("last=1", "last"), ("before=a", "before"),
    ("encoding=auto", "encoding"), ("First=1", "First"), ("after=%FF", "after"), ("after=%zz", "after"),
  ])
  func refusesOtherPages(_ query: String, _ parameter: String) async throws {
    try await withGateway { client in
      let response = try await client.send("GET", "/subscribers?\(query)")
      try expectProblem(response, 400, "invalid_request")
      #expect(
        try response.json["errors"]?.array?.contains { $0["parameter"]?.string == parameter } == true,
        "\(response.text)")
    }
  }

  @Test(arguments: [
    ("k", "{}", "/worker_id"), ("k", "{\"worker_id\":\"x\"}", "/worker_id"),
    ("k", "{\"worker_id\":null}", "/worker_id"),
    ("k", "{\"worker_id\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"cursor\":null}", "/cursor"), ("k/cursor", "{}", "/cursor"),
    ("k/cursor", "{\"cursor\":null,\"lag\":9007199254740992}", "/lag"),
    ("k/cursor", "{\"cursor\":null,\"lag\":1.5}", "/lag"),
    ("k/cursor", "{\"cursor\":null,\"worker_id\":\"\"}", "/worker_id"),
  ])
  func refusesAnotherShape(_ path: String, _ body: String, _ member: String) async throws {
    try await withGateway { client in
      _ = try await put(client, "k", by: Self.first)
      try expectProblem(await client.send("PUT", "/subscribers/\(path)", body), 400, "invalid_request", member: member)
    }
  }

  /// The body's shape, then whether it is there and held, then the cursor's history.
  @Test(arguments: Engine.available) func checksInOrder(_ engine: Engine) async throws {
    try await withGateway(on: engine) { other in
      let foreign = try await other.writeEvents(1)[0]
      try await withGateway(on: engine) { client in
        func acknowledge(_ cursor: String, _ worker: String) async throws -> HTTPResponse {
          try await client.send(
            "PUT", "/subscribers/k/cursor", "{\"cursor\":\"\(cursor)\",\"worker_id\":\"\(worker)\"}")
        }
        try expectProblem(await acknowledge("x", Self.second), 400, "invalid_cursor")
        try expectProblem(await acknowledge(foreign, Self.second), 404, "subscriber_not_found")
        _ = try await put(client, "k", by: Self.first)
        try expectProblem(await acknowledge(foreign, Self.second), 409, "subscriber_taken_over")
        try expectProblem(await acknowledge(foreign, Self.first), 409, "cursor_not_in_history")
      }
    }
  }

  @Test func takesKeysOf255Bytes() async throws {
    try await withGateway { client in
      #expect(try await put(client, String(repeating: "k", count: 255), by: Self.first).status == 201)
      for key in [String(repeating: "k", count: 256), "%00", "a%7F", "a%0Ab"] {
        try expectProblem(await put(client, key, by: Self.first), 400, "invalid_request")
      }
      for key in ["%", "%zz", "%F", "%FF"] { #expect(try await put(client, key, by: Self.first).status == 400) }
    }
  }
}
