import Evento
import EventoHTTP
import Synchronization
import Testing

/// A connection that breaks, wherever it can.
@Suite struct CutConnectionTests {
  enum End: CaseIterable {
    case orderly
    case reset
  }

  @Test(arguments: End.allCases) func aWriteIsStoredOnceWhereverItsResponseIsCut(_ end: End) async throws {
    let length = FakeGateway().writeResponse(try Self.request).count
    for offset in 0...length {
      let gateway = FakeGateway()
      let isFirst = Mutex(true)
      let server = try ScriptedServer { peer in
        while let request = peer.readRequest() {
          let response = gateway.writeResponse(request)
          let isCut = isFirst.withLock { isFirst in
            defer { isFirst = false }
            return isFirst
          }
          guard isCut else {
            peer.write(response)
            continue
          }
          peer.write(response.prefix(offset))
          if end == .reset { peer.resetOnClose() }
          break
        }
      }
      try await withServer(server) { executor in
        let result = try await executor.write([.sample()])
        #expect(result.events.map(\.id) == gateway.ids, "cut at \(offset)")
        #expect(gateway.ids.count == 1, "cut at \(offset)")
        #expect(!result.isResend, "cut at \(offset)")
        // A reset can take bytes with it that had arrived: then the last one is a lost response too.
        if end == .orderly { #expect(gateway.requests == (offset == length ? 1 : 2), "cut at \(offset)") }
      }
    }
  }

  @Test func aWriteIsStoredOnceWhereverAChunkedResponseIsCut() async throws {
    let length = Self.chunked(FakeGateway().writeResponse(try Self.request)).count
    #expect(length > 200)
    for offset in 0...length {
      let gateway = FakeGateway()
      let server = try ScriptedServer { peer in
        while let request = peer.readRequest() {
          let response = Self.chunked(gateway.writeResponse(request))
          guard gateway.requests == 1 else {
            peer.write(response)
            continue
          }
          peer.write(response.prefix(offset))
          break
        }
      }
      try await withServer(server) { executor in
        let result = try await executor.write([.sample()])
        #expect(result.events.map(\.id) == gateway.ids, "cut at \(offset)")
        #expect(gateway.ids.count == 1, "cut at \(offset)")
        // The last empty line says nothing more.
        if offset < length - 2 { #expect(gateway.requests == 2, "cut at \(offset)") }
      }
    }
  }

  @Test func aWriteIsStoredOnceWhereverItsRequestIsCut() async throws {
    let length = Mutex(0)
    let probe = try ScriptedServer { peer in
      guard let request = peer.readRequest() else { return }
      length.withLock { $0 = request.lines.reduce(2) { $0 + $1.utf8.count + 2 } + request.body.count }
      peer.write(FakeGateway().writeResponse(request))
    }
    try await withServer(probe) { executor in try await executor.write([.sample()]) }
    let whole = length.withLock { $0 }
    #expect(whole > 200)
    for offset in stride(from: 0, through: whole, by: 7) {
      let gateway = FakeGateway()
      let server = try ScriptedServer { peer in
        guard peer.number > 1 else {
          peer.readBytes(offset)
          peer.resetOnClose()
          return
        }
        while let request = peer.readRequest() { peer.write(gateway.writeResponse(request)) }
      }
      try await withServer(server) { executor in
        let result = try await executor.write([.sample(), .sample("a-2")])
        #expect(result.events.map(\.id) == gateway.ids && gateway.requests == 1, "cut at \(offset)")
      }
    }
  }

  @Test func aWriteWithIDsOfTheCallersOwnIsAResendWhereTheGatewaySaysSo() async throws {
    let gateway = FakeGateway()
    try await withServer(try ScriptedServer(respondingWith: gateway.writeResponse)) { executor in
      let event = NewEvent.sample(id: ULID())
      let first = try await executor.write([event])
      let second = try await executor.write([event])
      #expect(!first.isResend && second.isResend && first.events == second.events)
    }
  }

  @Test func aDeletionWhoseResponseWasLostHasBeenDone() async throws {
    let deletions = Mutex(0)
    let server = try ScriptedServer { peer in
      while peer.readRequest() != nil {
        let isFirst = deletions.withLock { count in
          count += 1
          return count == 1
        }
        guard !isFirst else { break }
        peer.write(problem(404, "subscriber_not_found"))
      }
    }
    try await withServer(server) { executor in
      try await executor.deleteSubscriber("readers")
      #expect(deletions.withLock { $0 } == 2)
      let again = await failure { () throws in try await executor.deleteSubscriber("readers") }
      #expect(again?.code == .subscriberNotFound)
    }
  }

  /// A response, with its body in two chunks.
  private static func chunked(_ response: [UInt8]) -> [UInt8] {
    let end = Request.endOfHead(in: response) ?? 0
    let head = String(decoding: response[..<end], as: UTF8.self).split(separator: "\r\n").filter {
      !$0.hasPrefix("Content-Length")
    }
    let (body, half) = (response[end...], (response.count - end) / 2)
    let chunks = [body.prefix(half), body.dropFirst(half)].map {
      "\(String($0.count, radix: 16))\r\n\(String(decoding: $0, as: UTF8.self))\r\n"
    }
    let lines = head + ["Transfer-Encoding: chunked", "", chunks.joined() + "0", "", ""]
    return Array(lines.joined(separator: "\r\n").utf8)
  }

  private static var request: Request {
    get throws {
      var request = try #require(Request(head: Array("POST /events HTTP/1.1\r\n\r\n".utf8)))
      request.body = Array(
        #"{"events":[{"aggregator_type":"bank/Account","aggregator_id":"a-1","name":"Opened","data":{"amount":1}}]}"#
          .utf8)
      return request
    }
  }
}

/// An error of the gateway.
func problem(_ status: Int, _ code: String, _ headers: [String] = [], members: String = "") -> [UInt8] {
  httpResponse(
    "\(status) Problem", "application/problem+json", headers,
    #"{"type":"about:blank","title":"t","status":\#(status),"detail":"d","code":"\#(code)"\#(members)}"#)
}
