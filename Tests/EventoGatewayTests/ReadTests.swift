import ByteCoding
import Evento
import EventoGateway
import EventoSQLite
import TestSupport
import Testing

/// `GET /events` and `POST /events/query`: docs/http-api.md §4.
@Suite struct ReadTests {
  private func numbers(_ response: HTTPResponse) throws -> [Int] {
    try #require(try response.json["edges"]?.array).compactMap { $0["node"]?["data"]?["n"]?.int }
  }

  @Test(arguments: Engine.available) func pagesForward(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      let cursors = try await client.writeEvents(5)
      var (seen, after): ([Int], String?) = ([], nil)
      for expected in [true, true, false] {
        let response = try await client.send("GET", "/events?first=2" + (after.map { "&after=\($0)" } ?? ""))
        #expect(response.status == 200)
        seen += try numbers(response)
        let info = try #require(try response.json["page_info"])
        #expect(info.names == ["has_previous_page", "has_next_page", "start_cursor", "end_cursor"])
        #expect(info["has_next_page"] == .bool(expected) && info["has_previous_page"] == false)
        after = info["end_cursor"]?.string
      }
      #expect(seen == [1, 2, 3, 4, 5])
      #expect(after == cursors.last)
      let empty = try await client.send("GET", "/events?after=\(cursors[4])").json
      #expect(empty["edges"] == .array([]))
      #expect(empty["page_info"]?["start_cursor"] == .null)
      #expect(empty["page_info"]?["end_cursor"] == .string(cursors[4]))
    }
  }

  @Test(arguments: Engine.available) func pagesBackward(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      try await client.writeEvents(5)
      var (seen, before): ([[Int]], String?) = ([], nil)
      for expected in [true, true, false] {
        let response = try await client.send("GET", "/events?last=2" + (before.map { "&before=\($0)" } ?? ""))
        seen.append(try numbers(response))
        let info = try #require(try response.json["page_info"])
        #expect(info["has_previous_page"] == .bool(expected) && info["has_next_page"] == false)
        before = info["start_cursor"]?.string
      }
      #expect(seen == [[4, 5], [2, 3], [1]])
    }
  }

  @Test(arguments: Engine.available) func filters(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      try await client.writeEvents(2, aggregate: "a", routingKey: "eu")
      try await client.writeEvents(1, aggregate: "b")
      for (query, count) in [
        ("", 3), ("?aggregator_type=bank/Account", 3), ("?aggregator_type=bank%2FAccount&aggregator_id=a", 2),
        ("?aggregator_type=bank/Account&name=Opened", 3), ("?aggregator_type=bank/Account&name=opened", 0),
        ("?routing_key=eu", 2),
        ("?routing_key=", 1), ("?routing_key=us", 0),
        ("?aggregator_type=bank/Account&aggregator_id=b&routing_key=eu", 0),
        ("?first=0", 0), ("?after=now", 0),
      ] {
        let response = try await client.send("GET", "/events\(query)")
        #expect(try response.json["edges"]?.array?.count == count, "\(query)")
      }
      for (body, count) in [
        ("{}", 3), ("{\"aggregators\":[]}", 0), ("{\"routing_key\":null}", 1), ("{\"routing_key\":\"eu\"}", 2),
        (
          "{\"aggregators\":[{\"aggregator_type\":\"bank/Account\",\"aggregator_id\":\"a\"},{\"aggregator_type\":\"bank/Account\",\"aggregator_id\":\"b\"}]}",
          3
        ),
        ("{\"aggregators\":[{\"aggregator_type\":\"none\"}]}", 0), ("{\"first\":1}", 1),
        ("{\"last\":2,\"encoding\":\"base64\"}", 2),
      ] {
        let response = try await client.send("POST", "/events/query", body)
        #expect(try response.json["edges"]?.array?.count == count, "\(body)")
      }
    }
  }

  @Test(arguments: [
    ("{\"aggregators\":null}", "/aggregators"), ("{\"first\":\"1\"}", "/first"), ("{\"first\":1,\"last\":1}", "/last"),
    ("{\"aggregators\":[{\"name\":\"n\"}]}", "/aggregators/0/aggregator_type"),
    ("{\"routing_key\":\"\"}", "/routing_key"),
    ("{\"filter\":1}", "/filter"), ("{\"encoding\":\"hex\"}", "/encoding"), ("{\"after\":null}", "/after"),
    (
      "{\"aggregators\":[\(repeatElement("{\"aggregator_type\":\"t\"}", count: 201).joined(separator: ","))]}",
      "/aggregators"
    ),
  ])
  func refusesAQueryOfAnotherShape(_ body: String, _ member: String) async throws {
    try await withGateway { client in
      try expectProblem(await client.send("POST", "/events/query", body), 400, "invalid_request", member: member)
    }
  }

  @Test(arguments: Engine.available) func tellsCursorsOfAnotherHistory(_ engine: Engine) async throws {
    try await withGateway(on: engine) { other in
      let foreign = try await other.writeEvents(1)[0]
      try await withGateway(on: engine) { client in
        let own = try await client.writeEvents(1)[0]
        for cursor in [foreign] {
          try expectProblem(await client.send("GET", "/events?after=\(cursor)"), 409, "cursor_not_in_history")
          try expectProblem(await client.send("GET", "/events?last=1&before=\(cursor)"), 409, "cursor_not_in_history")
          try expectProblem(
            await client.send("POST", "/events/query", "{\"after\":\"\(cursor)\"}"), 409, "cursor_not_in_history")
          try expectProblem(
            await client.send("PUT", "/snapshots/t/1/i", "{\"cursor\":\"\(cursor)\",\"data\":1}"), 409,
            "cursor_not_in_history")
        }
        for cursor in [
          "x", String(own.dropLast()), own + "A", String(own.reversed()), "%20", String(repeating: "A", count: 201),
        ] {
          try expectProblem(await client.send("GET", "/events?after=\(cursor)"), 400, "invalid_cursor")
        }
      }
    }
  }

  @Test func keepsAPageWithinItsSizes() async throws {
    try await withGateway(store: {
      $0.pageEvents = 3
      $0.pageBytes = 100
    }) { client in
      try await client.writeEvents(5)
      let large = "\"" + String(repeating: "x", count: 200) + "\""
      #expect(try await client.send("POST", "/events", writeJSON(eventJSON(["data": large]))).status == 201)
      try await client.writeEvents(1)
      var (sizes, after): ([Int], String?) = ([], nil)
      while true {
        let response = try await client.send("GET", "/events?first=100" + (after.map { "&after=\($0)" } ?? "")).json
        sizes.append(response["edges"]?.array?.count ?? 0)
        after = response["page_info"]?["end_cursor"]?.string
        if response["page_info"]?["has_next_page"] == false { break }
      }
      #expect(sizes == [3, 2, 1, 1])
    }
  }

  @Test(arguments: ["auto", "base64"], [true, false])
  func keepsAResponseWithinItsSize(encoding: String, isForward: Bool) async throws {
    let limit = 4000
    try await withGateway({ $0.pageBytes = limit }) { client in
      // Names that need escapes, bytes that are no JSON, and one event that is larger than a page.
      let sizes = [10, 900, 5000, 900, 900, 10, 10, 900, 3000]
      for (index, size) in sizes.enumerated() {
        let name = String(repeating: "\\\"", count: 100)
        let text = Array(String(repeating: "x", count: size).utf8)
        let data =
          index.isMultiple(of: 2)
          ? ["data": "\"\(String(decoding: text, as: UTF8.self))\""]
          : [
            "data_base64": "\"\(Base64.standard.encode(text))\""
          ]
        let event = eventJSON(data.merging(["name": "\"\(name)\""]) { $1 })
        #expect(try await client.send("POST", "/events", writeJSON(event)).status == 201)
      }
      var (pages, cursor): ([[Int]], String?) = ([], nil)
      while true {
        let from = cursor.map { "&\(isForward ? "after" : "before")=\($0)" } ?? ""
        let response = try await client.send(
          "GET", "/events?\(isForward ? "first" : "last")=100&encoding=\(encoding)\(from)")
        let versions = try #require(try response.json["edges"]?.array).compactMap { $0["node"]?["version"]?.int }
        #expect(versions.count == 1 || response.body.count <= limit)
        pages.append(versions)
        let info = try #require(try response.json["page_info"])
        cursor = info[isForward ? "end_cursor" : "start_cursor"]?.string
        #expect(info[isForward ? "has_previous_page" : "has_next_page"] == false)
        if info[isForward ? "has_next_page" : "has_previous_page"] == false { break }
        try #require(!versions.isEmpty)
      }
      #expect(pages.contains { $0.count > 1 } && pages.contains([3]))
      #expect((isForward ? pages : pages.reversed()).flatMap { $0 } == Array(1...sizes.count))
    }
  }
}
