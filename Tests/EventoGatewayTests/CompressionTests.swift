import Evento
import EventoGateway
import EventoSQLite
import TestSupport
import Testing

/// Responses and streams for clients that ask for compression: docs/http-api.md §12.7.
@Suite(.timeLimit(.minutes(2))) struct CompressionTests {
  private static let gzip = (name: "Accept-Encoding", value: "gzip")

  private func writeLargeEvents(_ client: HTTPClient, _ count: Int = 5, bytes: Int = 500) async throws {
    for number in 1...count {
      let text = String(repeating: "value \(number) ", count: bytes / 8)
      let event = eventJSON(["data": "{\"n\":\(number),\"text\":\"\(text)\"}"])
      #expect(try await client.send("POST", "/events", writeJSON(event)).status == 201)
    }
  }

  @Test(arguments: [
    ("gzip", true), ("GZip", true), ("x-gzip", true), ("gzip;q=0.001", true), ("gzip ; q=1", true), ("*", true),
    ("deflate, gzip, br", true), ("identity, gzip", true), ("identity;q=0, gzip;q=0.1", true),
    ("identity;q=0, *", true), ("*;q=0, gzip", true), ("gzip;q=2", true),
    (nil, false), ("", false), ("gzip;q=0", false), ("gzip;q=0.000", false), ("gzip;q=nonsense", false),
    ("*;q=0", false), ("gzip;q=0, *", false), ("*, gzip;q=0", false), ("identity;q=0.5, gzip;q=0.4", false),
    ("identity", false), ("identity;q=0", false), ("deflate, br", false), ("gzip2", false), ("gzip;q=0, gzip", false),
    (String(repeating: "br,", count: 200) + "gzip", false), (";", false), (",,", false),
  ]) func isWhatTheClientAsksFor(_ accepted: String?, _ isCompressed: Bool) async throws {
    try await withGateway { client in
      try await writeLargeEvents(client)
      let plain = try await client.send("GET", "/events")
      let response = try await client.send(
        "GET", "/events", fields: accepted.map { [("Accept-Encoding", $0)] } ?? [])
      #expect(response.status == 200 && response["Vary"] == "Accept-Encoding")
      #expect(response["Content-Encoding"] == (isCompressed ? "gzip" : nil))
      #expect(isCompressed ? response.body.count < plain.body.count / 4 : response.body == plain.body)
      if isCompressed { #expect(try Gunzip.content(response.body) == plain.body) }
    }
  }

  @Test func severalFieldsAreOneList() async throws {
    try await withGateway { client in
      try await writeLargeEvents(client)
      let response = try await client.send(
        "GET", "/events", fields: [("Accept-Encoding", "br"), ("accept-encoding", "gzip;q=0.5")])
      #expect(response["Content-Encoding"] == "gzip")
    }
  }

  @Test func readsOfAnyKindAreCompressed() async throws {
    try await withGateway { client in
      try await writeLargeEvents(client, 3, bytes: 4000)
      let page = try await client.send("GET", "/events")
      let edge = try #require(try page.json["edges"]?[0])
      let id = try #require(edge["node"]?["id"]?.string)
      let cursor = try #require(edge["cursor"]?.string)
      let text = String(repeating: "state ", count: 1000)
      let saved = try await client.send(
        "PUT", "/snapshots/a/1/b", "{\"cursor\":\"\(cursor)\",\"data\":\"\(text)\"}")
      #expect(saved.status == 204)
      for (method, target, body) in [
        ("GET", "/events", nil), ("GET", "/events?last=2", nil), ("GET", "/events?wait=1", nil),
        ("GET", "/events/\(id)", nil), ("GET", "/snapshots/a/1/b", nil), ("POST", "/events/query", "{}"),
        // A body that is decoded in a task.
        ("POST", "/events/query", "{}" + String(repeating: " ", count: 10_000)),
      ] {
        let plain = try await client.send(method, target, body)
        let compressed = try await client.send(method, target, body, fields: [Self.gzip])
        #expect(compressed["Content-Encoding"] == "gzip" && plain["Content-Encoding"] == nil, "\(target)")
        #expect(try Gunzip.content(compressed.body) == plain.body)
        #expect(compressed["Content-Type"] == plain["Content-Type"])
        guard method == "GET" else { continue }
        // RFC 9110 §9.3.2: the fields of a HEAD are those of the GET.
        let head = try await client.send("HEAD", target, fields: [Self.gzip])
        #expect(head["Content-Encoding"] == "gzip")
        #expect(head["Content-Length"] == "\(compressed.body.count)")
      }
    }
  }

  @Test func nothingElseIsCompressed() async throws {
    try await withGateway { client in
      let small = try await client.send("GET", "/events", fields: [Self.gzip])
      #expect(small["Content-Encoding"] == nil && small["Vary"] == "Accept-Encoding")
      let longName = String(repeating: "x", count: 2000)
      let error = try await client.send("GET", "/events?aggregator_type=\(longName)", fields: [Self.gzip])
      #expect(error.status == 400 && error["Content-Encoding"] == nil)
      for target in ["/openapi.yaml", "/metrics", "/healthz"] {
        let response = try await client.send("GET", target, fields: [Self.gzip])
        #expect(response.status == 200 && response["Content-Encoding"] == nil && response["Vary"] == nil)
      }
    }
  }

  @Test func aClientThatRefusesPlainTextGetsNone() async throws {
    try await withGateway { client in
      for accepted in ["identity;q=0, gzip", "gzip, *;q=0"] {
        let response = try await client.send("GET", "/events", fields: [("Accept-Encoding", accepted)])
        #expect(response["Content-Encoding"] == "gzip")
        #expect(try String(decoding: Gunzip.content(response.body), as: UTF8.self).hasPrefix("{\"edges\":[]"))
      }
    }
  }

  @Test func pipelinedRequestsEachGetTheirCoding() async throws {
    try await withGateway { client in
      try await writeLargeEvents(client)
      let plain = try await client.send("GET", "/events")
      let asked = [true, false, true, true, false, true]
      let connection = try RawConnection(port: client.port)
      try await connection.send(
        asked.map { "GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\($0 ? "Accept-Encoding: gzip\r\n" : "")\r\n" }.joined()
      )
      var responses = HTTPResponseReader(connection)
      for isCompressed in asked {
        let response = try await responses.next()
        #expect(response["Content-Encoding"] == (isCompressed ? "gzip" : nil))
        #expect(try (isCompressed ? Gunzip.content(response.body) : response.body) == plain.body)
      }
    }
  }

  @Test func aLargePageIsCompressedAsAWhole() async throws {
    try await withGateway(
      {
        $0.pageBytes = 64 << 20
        $0.bodyBytes = 32 << 20
      }, store: { $0.pageBytes = 64 << 20 }
    ) { client in
      for _ in 0..<6 {
        let event = eventJSON(["data": "\"\(String(repeating: "0123456789abcdef", count: 450_000))\""])
        #expect(try await client.send("POST", "/events", writeJSON(event)).status == 201)
      }
      let plain = try await client.send("GET", "/events")
      let compressed = try await client.send("GET", "/events", fields: [Self.gzip])
      #expect(plain.body.count > 40 << 20 && compressed.body.count < plain.body.count / 50)
      #expect(try Gunzip.content(compressed.body) == plain.body)
    }
  }

  // MARK: Streams

  @Test(arguments: ["application/x-ndjson", "text/event-stream"]) func liveEventsOfAStreamAreNotHeldBack(
    _ type: String
  ) async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    try await withStoppableGateway(over: store) { client, stop in
      try await client.writeEvents(100)
      let (connection, fields) = (try RawConnection(port: client.port), [("Accept", type), Self.gzip])
      try await connection.send(client.message("GET", "/events/stream", nil, fields))
      var responses = HTTPResponseReader(connection)
      let gunzip = try Gunzip()
      let head = try await responses.beginning { !$0.isEmpty }
      #expect(head["Content-Encoding"] == "gzip" && head["Vary"] == "Accept-Encoding")
      try gunzip.add(head.body)
      func read(until isEnough: (String) -> Bool) async throws {
        while !isEnough(gunzip.text) { try gunzip.add(try await responses.more { !$0.isEmpty }) }
      }
      for number in 101...110 {
        try await client.writeEvents(1, aggregate: "live-\(number)")
        try await read { $0.contains("live-\(number)") && $0.hasSuffix("\n") }
        #expect(!gunzip.isComplete)
      }
      let plain = try await client.beginning("GET", "/events/stream", fields: [("Accept", type)]) {
        $0.contains("live-110") && $0.hasSuffix("\n")
      }
      #expect(plain["Content-Encoding"] == nil && plain.text == gunzip.text)
      // The end is that of a whole member.
      async let stopped: Void = stop()
      try gunzip.add(try await responses.more { _ in false })
      #expect(gunzip.isComplete)
      await stopped
    }
    await store.close()
  }

  @Test func aClientOfHTTP10ReadsPagesAndStreams() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    try await withStoppableGateway(over: store) { client, stop in
      try await writeLargeEvents(client)
      let request = "HTTP/1.0\r\nHost: 127.0.0.1\r\nAccept: application/x-ndjson\r\nAccept-Encoding: gzip\r\n\r\n"
      let page = try RawConnection(port: client.port)
      try await page.send("GET /events \(request)")
      var pages = HTTPResponseReader(page)
      let response = try await pages.next()
      #expect(response["Content-Encoding"] == "gzip")
      #expect(try Gunzip.content(response.body) == (try await client.send("GET", "/events")).body)
      let stream = try RawConnection(port: client.port)
      try await stream.send("GET /events/stream \(request)")
      // The head comes when the first events have been read.
      let beginning = try await stream.receive()
      await stop()
      let all = try await beginning + stream.receiveAll()
      let end = try #require(all.firstRange(of: Array("\r\n\r\n".utf8)))
      #expect(String(decoding: all[..<end.lowerBound], as: UTF8.self).contains("Content-Encoding: gzip"))
      let text = String(decoding: try Gunzip.content(Array(all[end.upperBound...])), as: UTF8.self)
      #expect(text.matches(of: /"n":/).count == 5)
    }
    await store.close()
  }

  @Test func abandonedStreamsLeaveNothingBehind() async throws {
    try await withGateway({ $0.followers = 3 }) { client in
      try await writeLargeEvents(client, 100, bytes: 20_000)
      for round in 0..<5 {
        var streams: [RawConnection] = []
        for number in 0..<3 {
          let stream = try RawConnection(port: client.port, receiveBuffer: 4096)
          try await stream.send(client.message("GET", "/events/stream", nil, [Self.gzip]))
          // In the middle of the body, or before anything of it.
          if number > 0 { #expect(try await !stream.receive(limit: 1000).isEmpty) }
          if round.isMultiple(of: 2) { stream.resetOnClose() }
          streams.append(stream)
        }
        streams = []
        let end = ContinuousClock.now + .seconds(20)
        while try await !client.send("GET", "/metrics").text.contains("evento_followers 0\n") {
          try #require(ContinuousClock.now < end)
        }
      }
    }
  }

  // MARK: Without compression

  @Test func isOffByTheOption() async throws {
    try await withGateway({ $0.compression = .off }) { client in
      try await writeLargeEvents(client)
      let page = try await client.send("GET", "/events", fields: [Self.gzip])
      let stream = try await client.beginning("GET", "/events/stream", fields: [Self.gzip]) { $0.contains("\"n\":5") }
      for response in [page, stream] {
        #expect(response.status == 200 && response["Content-Encoding"] == nil && response["Vary"] == nil)
      }
    }
  }

  @Test(arguments: [GatewayConfiguration.Compression.gzip, .auto]) func isOffIfZlibIsMissing(
    _ compression: GatewayConfiguration.Compression
  ) async throws {
    let (log, store) = (LogRecorder(), try await SQLiteExecutor.open(":memory:"))
    try await withGateway(
      over: store,
      {
        $0.compression = compression
        $0.zlibNames = ["libevento-has-no-such-library.so.1"]
      }, log: log.logger()
    ) { client in
      try await writeLargeEvents(client)
      let page = try await client.send("GET", "/events", fields: [Self.gzip])
      #expect(page.status == 200 && page["Content-Encoding"] == nil && page["Vary"] == nil)
    }
    await store.close()
    #expect(log.lines(with: "zlib can't be loaded").count == (compression == .gzip ? 1 : 0))
  }
}
