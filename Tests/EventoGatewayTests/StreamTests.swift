import ByteCoding
import Evento
import EventoGateway
import EventoSQLite
import Foundation
import TestSupport
import Testing

/// `/events/stream` and `wait`: docs/http-api.md §5.
@Suite struct StreamTests {
  private static func count(_ text: String) -> Int { text.components(separatedBy: "\"node\"").count - 1 }

  @Test(arguments: Engine.available) func givesWhatIsStoredAndThenWhatCommits(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      try await client.writeEvents(70)
      var stream = try await OpenStream(client, "/events/stream") { Self.count($0) >= 70 }
      #expect(stream.status == 200)
      #expect(stream.response["Content-Type"] == "text/event-stream; charset=utf-8")
      #expect(stream.response["X-Accel-Buffering"] == "no")
      #expect(stream.response["Cache-Control"] == "no-store")
      #expect(stream.text.hasPrefix("retry: 2000\n\n"))
      for number in 71...75 {
        let response = try await client.send("POST", "/events", writeJSON(eventJSON(["data": "{\"n\":\(number)}"])))
        #expect(response.status == 201)
        try await stream.read { Self.count($0) >= number }
      }
      #expect(stream.numbers == Array(1...75))
      let event = try #require(stream.text.components(separatedBy: "\n\n").first { $0.contains("{\"n\":70}") })
      let lines = event.components(separatedBy: "\n")
      #expect(lines.count == 3 && lines[1] == "event: event")
      let data = try JSONValue(Array(lines[2].dropFirst("data: ".count).utf8))
      #expect(data.names == ["cursor", "node"])
      #expect(data["cursor"]?.string == String(lines[0].dropFirst("id: ".count)))
    }
  }

  /// Who follows something else costs a commit nothing.
  @Test func wakesThoseAloneWhoseFilterSomethingPasses() async throws {
    let store = CountingExecutor(try await SQLiteExecutor.open(":memory:"))
    try await withGateway(over: store) { client in
      var streams: [OpenStream] = []
      for number in 0..<40 {
        let filter = number % 2 == 0 ? "aggregator_type=bank/Account&aggregator_id=other" : "routing_key=other"
        streams.append(
          try await OpenStream(client, "/events/stream?\(filter)") { $0.contains(": heartbeat\n") })
      }
      let before = store.reads
      try await client.writeEvents(100)
      #expect(store.reads == before)
      try await client.writeEvents(1, aggregate: "other", routingKey: "other")
      for index in streams.indices {
        try await streams[index].read { Self.count($0) == 1 }
        #expect(streams[index].numbers == [1])
      }
    }
    await store.store.close()
  }

  @Test(arguments: Engine.available) func continuesFromWhereItWasCut(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      try await client.writeEvents(5)
      let first = try await OpenStream(client, "/events/stream") { Self.count($0) >= 2 }
      let cursor = first.ids[1]
      for (target, fields) in [
        ("/events/stream?after=\(cursor)", []), ("/events/stream", [(name: "Last-Event-ID", value: cursor)]),
        ("/events/stream?after=\(first.ids[0])", [(name: "Last-Event-ID", value: cursor)]),
        ("/events/stream?after=\(cursor)", [(name: "Last-Event-ID", value: "")]),
      ] {
        let stream = try await OpenStream(client, target, fields: fields) { Self.count($0) >= 3 }
        #expect(stream.numbers == [3, 4, 5])
      }
      let all = try await OpenStream(client, "/events/stream", fields: [("Last-Event-ID", "")]) { Self.count($0) >= 5 }
      #expect(all.numbers == [1, 2, 3, 4, 5])
    }
  }

  /// Events that are too large for one read of the log together come in several, and a larger one alone.
  @Test func givesLargeEventsInOrder() async throws {
    try await withGateway { client in
      let sizes = (0..<60).map { [10, 30_000, 70_000, 200_000, 100][($0 * 7 / 5) % 5] }
      for (index, size) in sizes.enumerated() {
        let data = "{\"n\":\(index),\"fill\":\"" + String(repeating: "x", count: size) + "\"}"
        let response = try await client.send("POST", "/events", writeJSON(eventJSON(["data": data])))
        #expect(response.status == 201)
      }
      let stream = try await OpenStream(client, "/events/stream") {
        Self.count($0) >= sizes.count && $0.hasSuffix("\n\n")
      }
      let numbers = stream.text.matches(of: /"data":\{"n":([0-9]+),"fill":"(x*)"\}/)
      #expect(numbers.compactMap { Int($0.output.1) } == Array(sizes.indices))
      #expect(numbers.map(\.output.2.utf8.count) == sizes)
    }
  }

  @Test(arguments: Engine.available) func beginsAtTheEndWhenAsked(_ engine: Engine) async throws {
    try await withGateway(on: engine, { $0.heartbeat = .milliseconds(50) }) { client in
      for count in [0, 3] {
        try await client.writeEvents(count, aggregate: "old")
        // The first sign of life says that the end has been found.
        var stream = try await OpenStream(client, "/events/stream?after=now") { $0.contains(": heartbeat\n") }
        #expect(stream.numbers.isEmpty)
        try await client.writeEvents(2, aggregate: "new")
        try await stream.read { Self.count($0) >= 2 }
        #expect(stream.numbers == [1, 2])
      }
    }
  }

  @Test(arguments: Engine.available) func filters(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      let fields = [(name: "Accept", value: "application/x-ndjson")]
      var byQuery = try await OpenStream(
        client, "/events/stream?aggregator_type=bank/Account&aggregator_id=a&routing_key=eu", fields: fields
      ) { $0.contains("heartbeat") }
      var byBody = try await OpenStream(
        client, "/events/stream",
        "{\"aggregators\":[{\"aggregator_type\":\"bank/Account\",\"aggregator_id\":\"a\"}],\"routing_key\":\"eu\",\"encoding\":\"base64\",\"after\":\"now\"}",
        fields: fields
      ) { $0.contains("heartbeat") }
      try await client.writeEvents(2, aggregate: "b", routingKey: "eu")
      try await client.writeEvents(2, aggregate: "a", routingKey: "eu")
      try await byQuery.read { Self.count($0) >= 2 }
      try await byBody.read { Self.count($0) >= 2 }
      #expect(byQuery.numbers == [1, 2])
      #expect(byBody.text.contains("\"data_base64\":\"eyJuIjoxfQ==\""))
      #expect(!byQuery.text.contains("\"aggregator_id\":\"b\"") && !byBody.text.contains("\"aggregator_id\":\"b\""))
    }
  }

  /// The characters that end a line for one common reader or another: Python's `str.splitlines` has the most.
  private static let lineEnds = "\n\r\u{B}\u{C}\u{1C}\u{1D}\u{1E}\u{85}\u{2028}\u{2029}"

  @Test(arguments: ["\u{85}", "\u{2028}", "\u{2029}"])
  func isOneLineForEveryReader(_ mark: String) async throws {
    try await withGateway({ $0.heartbeat = .milliseconds(50) }) { client in
      let body = writeJSON(
        eventJSON([
          "aggregator_type": "\"t\(mark)\"", "aggregator_id": "\"\(mark)i\"", "name": "\"n\(mark)\"",
          "routing_key": "\"\(mark)\"", "data": "{\"text\":\"first\(mark)second\"}",
          "metadata": "{\"\(mark)\":\r\n\"a\(mark)\"}",
        ]), eventJSON(["data": "{\"n\":1}"]))
      #expect(try await client.send("POST", "/events", body).status == 201)
      for accept in ["application/x-ndjson", "text/event-stream"] {
        let stream = try await OpenStream(client, "/events/stream", fields: [("Accept", accept)]) {
          Self.count($0) >= 2 && $0.hasSuffix("\n")
        }
        let lines = stream.text.unicodeScalars.split { Self.lineEnds.unicodeScalars.contains($0) }.map(String.init)
        let objects = try lines.compactMap { line in
          line.firstIndex(of: "{").map { line[$0...] }.map { Array($0.utf8) }
        }.map(JSONValue.init).filter { $0["node"] != nil }
        #expect(objects.count == 2)
        let node = try #require(objects.first?["node"])
        #expect(node["aggregator_type"] == .string("t\(mark)") && node["aggregator_id"] == .string("\(mark)i"))
        #expect(node["name"] == .string("n\(mark)") && node["routing_key"] == .string(mark))
        let data = Base64.standard.encode(Array("{\"text\":\"first\(mark)second\"}".utf8))
        #expect(node["data"] == nil && node["data_base64"] == .string(data))
        #expect(node["metadata"]?[mark] == .string("a\(mark)"))
        #expect(stream.numbers == [1])
      }
      // A page keeps them.
      let page = try await client.send("GET", "/events?first=1").text
      #expect(page.contains("\"data\":{\"text\":\"first\(mark)second\"}"))
      #expect(page.contains("\"metadata\":{\"\(mark)\":\r\n\"a\(mark)\"}"))
    }
  }

  @Test func isOneLineAnEvent() async throws {
    try await withGateway({ $0.heartbeat = .milliseconds(50) }) { client in
      let body = writeJSON(eventJSON(["data": "[1,\r\n2]", "metadata": "{\"a\":\n1}"]))
      #expect(try await client.send("POST", "/events", body).status == 201)
      for (accept, mediaType) in [
        ("application/x-ndjson", "application/x-ndjson"),
        ("text/event-stream", "text/event-stream; charset=utf-8"),
        ("*/*", "text/event-stream; charset=utf-8"),
      ] {
        let stream = try await OpenStream(client, "/events/stream", fields: [("Accept", accept)]) {
          Self.count($0) >= 1 && $0.contains("heartbeat")
        }
        #expect(stream.response["Content-Type"] == mediaType)
        #expect(stream.text.contains("\"data_base64\":\"WzEsDQoyXQ==\""))
        #expect(stream.text.contains("\"metadata\":{\"a\": 1}"))
        #expect(!stream.text.contains("\r"))
        guard mediaType == "application/x-ndjson" else { continue }
        let lines = try stream.text.split(separator: "\n").map { try JSONValue(Array($0.utf8)) }
        #expect(lines[0]["type"] == "event" && lines[0].names == ["type", "cursor", "node"])
        #expect(lines[1]["type"] == "heartbeat" && lines[1].names == ["type", "cursor"])
        #expect(lines[1]["cursor"] == lines[0]["cursor"])
      }
    }
  }

  @Test(arguments: [
    ("text/html", nil), ("application/json", nil), ("text/event-stream;q=0", nil),
    ("text/event-stream;q=0, */*", "ndjson"),
    ("text/*", "event-stream"), ("text/html, application/*;q=0.1", "ndjson"), ("*/*;q=0", nil), ("", "event-stream"),
    ("application/x-ndjson;q=0.4, text/event-stream;q=0.5", "event-stream"),
    ("application/x-ndjson, text/event-stream", "event-stream"), ("application/x-ndjson, */*;q=0.9", "ndjson"),
    ("TEXT/Event-Stream", "event-stream"), ("nonsense", nil), ("*", nil), (" , ", "event-stream"),
    ("nonsense, application/x-ndjson", "ndjson"), ("text/event-stream ; charset=x ; Q=0.1 , */*;q=0.2", "ndjson"),
    ("text/event-stream;q=nonsense", nil), ("text/event-stream;q=0.00000000000000001, */*;q=0", nil),
    ("*/event-stream", nil), ("text/event-stream/x", nil), ("/", nil), ("text/", nil),
    // The first of two that are equally exact counts.
    ("text/event-stream;q=0, text/event-stream", nil),
    (String(repeating: "a/b;q=0.1,", count: 99) + "application/x-ndjson", "ndjson"),
    (String(repeating: "*/*;q=0.1,", count: 99) + "application/x-ndjson;q=0.2", "ndjson"),
    (String(repeating: ",", count: 99), "event-stream"),
  ])
  func weighsWhatIsAccepted(_ accept: String, _ expected: String?) async throws {
    try await withGateway { client in
      let stream = try await OpenStream(client, "/events/stream", fields: [("Accept", accept)]) {
        $0.contains("heartbeat")
      }
      if let expected {
        #expect(stream.response["Content-Type"]?.contains(expected) == true)
      } else {
        try expectProblem(stream.response, 406, "not_acceptable")
      }
    }
  }

  @Test(arguments: ["a/b;q=0.1,", "*/*,", ","])
  func takesNoMoreRangesThanAreOfUse(_ range: String) async throws {
    try await withGateway { client in
      for count in [100, 30_000 / range.utf8.count] {
        let accept = (name: "Accept", value: String(repeating: range, count: count) + "*/*")
        let response = try await client.send("GET", "/events/stream", fields: [accept])
        try expectProblem(response, 400, "invalid_request")
        #expect(response.text.contains("more than 100 media ranges"))
        #expect(try await client.send("GET", "/events", fields: [accept]).status == 200, "it does not matter there")
      }
      let fields = Array(repeating: (name: "Accept", value: "a/b, c/d"), count: 51)
      try expectProblem(await client.send("GET", "/events/stream", fields: fields), 400, "invalid_request")
    }
  }

  /// What does not count need not be a cursor.
  @Test func goesByTheHeaderWhateverElseIsSaid() async throws {
    try await withGateway { client in
      let cursor = try await client.writeEvents(2)[0]
      let fields = [(name: "Last-Event-ID", value: cursor)]
      for (target, body) in [
        ("/events/stream?after=nonsense", nil), ("/events/stream?after=now", nil),
        ("/events/stream", "{\"after\":\"nonsense\"}"),
      ] {
        let stream = try await OpenStream(client, target, body, fields: fields) { Self.count($0) >= 1 }
        #expect(stream.numbers == [2])
      }
      let response = try await client.send("POST", "/events/stream", "{\"after\":1}", fields: fields)
      try expectProblem(response, 400, "invalid_request", member: "/after")
      // An empty one is none.
      try expectProblem(
        await client.send("GET", "/events/stream?after=nonsense", fields: [("Last-Event-ID", "")]), 400,
        "invalid_cursor")
    }
  }

  @Test func refusesBeforeItBegins() async throws {
    try await withGateway { other in
      let foreign = try await other.writeEvents(1)[0]
      try await withGateway { client in
        try expectProblem(await client.send("GET", "/events/stream?after=\(foreign)"), 409, "cursor_not_in_history")
        try expectProblem(
          await client.send("GET", "/events/stream", fields: [("Last-Event-ID", "nonsense")]), 400, "invalid_cursor")
        for name in ["first", "last", "before", "wait"] {
          try expectProblem(await client.send("GET", "/events/stream?\(name)=1"), 400, "invalid_request", member: name)
          try expectProblem(
            await client.send("POST", "/events/stream", "{\"\(name)\":1}"), 400, "invalid_request", member: "/\(name)")
        }
        let head = try await client.send("HEAD", "/events/stream")
        #expect(head.status == 405 && head["Allow"] == "GET, POST, OPTIONS")
      }
    }
  }

  @Test func takesSoManyFollowersWhileOthersWork() async throws {
    try await withGateway({
      $0.followers = 2
      $0.heartbeat = .milliseconds(100)
    }) { client in
      var streams: [OpenStream] = []
      for _ in 0..<2 { streams.append(try await OpenStream(client, "/events/stream") { $0.contains("heartbeat") }) }
      for target in ["/events/stream", "/events?wait=1"] {
        let refused = try await client.send("GET", target)
        try expectProblem(refused, 503, "unavailable")
        #expect(refused["Retry-After"] == "1" && refused.text.contains("2"))
      }
      try await client.writeEvents(1)
      #expect(try await client.send("GET", "/metrics").text.contains("evento_followers 2\n"))
      for index in streams.indices { try await streams[index].read { Self.count($0) >= 1 } }
      streams = []
      // Once the server has noticed that they are gone, there is room again.
      while try await client.send("GET", "/events?wait=1&after=now").status == 503 {}
    }
  }

  @Test func quotesTheLimitOfFollowers() async throws {
    try await withGateway({ $0.followers = 1 }) { client in
      let stream = try await OpenStream(client, "/events/stream") { $0.contains("heartbeat") }
      let refused = try await client.send("GET", "/events/stream")
      try expectProblem(refused, 503, "unavailable")
      #expect(refused.text.contains("Too many streams and waiting reads are open (limit 1). Retry shortly."))
      withExtendedLifetime(stream) {}
    }
  }

  @Test func endsWithACompleteBodyWhenTheGatewayStops() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    try await withStoppableGateway(over: store) { client, stop in
      var streams: [OpenStream] = []
      for accept in ["text/event-stream", "application/x-ndjson"] {
        streams.append(
          try await OpenStream(client, "/events/stream", fields: [("Accept", accept)]) { $0.contains("heartbeat") })
      }
      async let held = client.send("GET", "/events?wait=60&after=now")
      while try await !client.send("GET", "/metrics").text.contains("evento_followers 3\n") {}
      await stop()
      // Up to the last chunk: without it, this throws.
      for index in streams.indices { try await streams[index].read() }
      let response = try await held
      #expect(response.status == 200)
      #expect(try response.json["edges"] == .array([]))
    }
    await store.close()
  }

  @Test func followsWhatAnotherExecutorCommits() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "evento-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "store.sqlite").path()
    let one = try await SQLiteExecutor.open(path)
    let two = try await SQLiteExecutor.open(path)
    try await withGateway(over: one) { writer in
      try await withGateway(over: two) { reader in
        var stream = try await OpenStream(reader, "/events/stream") { $0.contains("heartbeat") }
        for number in 1...10 {
          let response = try await writer.send("POST", "/events", writeJSON(eventJSON(["data": "{\"n\":\(number)}"])))
          #expect(response.status == 201)
          try await stream.read { Self.count($0) >= number }
        }
        #expect(stream.numbers == Array(1...10))
      }
    }
    await one.close()
    await two.close()
  }

  /// Many followers of several filters, with writers beside them: each sees what it asked for, once and in order.
  @Test(arguments: Engine.available) func noFollowerOfManyMissesAnEvent(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for follower in 0..<24 {
          group.addTask {
            let aggregate = "a\(follower % 3)"
            let stream = try await OpenStream(
              client, "/events/stream?aggregator_type=bank/Account&aggregator_id=\(aggregate)"
            ) { Self.count($0) >= 100 }
            #expect(stream.numbers == Array(1...100))
          }
        }
        for writer in 0..<3 {
          group.addTask { try await client.writeEvents(100, aggregate: "a\(writer)") }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test(arguments: Engine.available) func holdsAReadUntilThereIsSomething(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      try await client.writeEvents(1)
      // What is there is given at once.
      #expect(try await client.send("GET", "/events?wait=60").json["edges"]?.array?.count == 1)
      for (method, target, body) in [
        ("GET", "/events?wait=60&after=now&aggregator_type=bank/Account&aggregator_id=x", nil),
        (
          "POST", "/events/query",
          "{\"aggregators\":[{\"aggregator_type\":\"bank/Account\",\"aggregator_id\":\"x\"}],\"after\":\"now\",\"wait\":60}"
        ),
      ] as [(String, String, String?)] {
        async let held = client.send(method, target, body)
        while try await !client.send("GET", "/metrics").text.contains("evento_followers 1\n") {}
        try await client.writeEvents(1, aggregate: "other")
        try await client.writeEvents(1, aggregate: "x")
        let edges = try await held.json["edges"]?.array
        #expect(edges?.count == 1 && edges?[0]["node"]?["aggregator_id"] == "x")
      }
      let empty = try await client.send("GET", "/events?wait=1&after=now").json
      #expect(empty["edges"] == .array([]) && empty["page_info"]?["end_cursor"]?.string != nil)
      for query in ["wait=0", "wait=61", "wait=1&last=1", "wait=1&first=0", "wait="] {
        try expectProblem(await client.send("GET", "/events?\(query)"), 400, "invalid_request", member: "wait")
      }
    }
  }

  @Test func holdsAReadNoLongerThanItMay() async throws {
    try await withGateway({ $0.longestWait = .milliseconds(100) }) { client in
      try await client.writeEvents(1)
      // The client itself would give up long before a minute is over.
      let response = try await client.send("GET", "/events?wait=60&after=now")
      #expect(response.status == 200)
      #expect(try response.json["edges"] == .array([]))
      #expect(try response.json["page_info"]?["end_cursor"]?.string != nil)
    }
  }
}
