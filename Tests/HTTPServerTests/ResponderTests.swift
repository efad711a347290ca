import Dispatch
import Synchronization
import Testing

@testable import HTTPServer

/// Responses that are sent by a call, from any thread.
@Suite struct ResponderTests {
  private let handler = TestHandler(routes: [
    "/now": { _ in .respond(.callback { $0.send { .text("now") } }) },
    "/later": { _ in
      .respond(.callback { responder in DispatchQueue.global().async { responder.send { .text("later") } } })
    },
    "/twice": { _ in
      .respond(
        .callback { responder in
          DispatchQueue.global().async {
            responder.send { .text("first") }
            responder.send { .text("second") }
          }
        })
    },
    "/never": { _ in .respond(.callback { _ in }) },
    "/body": { _ in .readBody(limit: 100) { body in .callback { $0.send { Response(body: .bytes(body)) } } } },
    "/stream": { _ in
      .respond(.callback { $0.send { Response(body: .stream { try await $0.write(Array("stream".utf8)) }) } })
    },
  ])

  @Test(arguments: [PollerKind.best, .poll]) func respondsOnceAndInOrder(_ poller: PollerKind) async throws {
    var configuration = ServerConfiguration.patient
    configuration.poller = poller
    try await withServer(handler, configuration: configuration) { _, address in
      let client = try RawClient(address)
      let paths = ["/now", "/later", "/twice", "/stream", "/twice", "/now"]
      try await client.send(
        paths.map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
          + "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
      var texts: [String] = []
      for _ in 0...paths.count { texts.append(try await client.response().text) }
      #expect(texts == ["now", "later", "first", "stream", "first", "now", "abc"])
    }
  }

  /// One that is dropped leaves no client waiting.
  @Test func respondsForAResponderThatIsDropped() async throws {
    try await withServer(handler) { _, address in
      let client = try RawClient(address)
      try await client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await client.response().status == 500)
    }
  }

  /// What comes after its deadline, or after the client has gone, is thrown away.
  @Test func throwsAwayWhatComesTooLate() async throws {
    let kept = Mutex<[Responder]>([])
    let handler = TestHandler(routes: [
      "/": { _ in .respond(.callback { responder in kept.withLock { $0.append(responder) } }) }
    ])
    var configuration = ServerConfiguration.patient
    configuration.handlerTimeout = .milliseconds(50)
    try await withServer(handler, configuration: configuration) { server, address in
      let client = try RawClient(address)
      try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await client.response().status == 503)
      kept.withLock { responders in responders.forEach { $0.send { .text("too late") } } }
      #expect(try await client.remainder() == [])
      let gone = try RawClient(address)
      try await gone.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      try await eventually { kept.withLock { $0.count } == 2 }
      gone.reset()
      client.close()
      try await eventually { server.statistics.openConnections == 0 }
      kept.withLock { responders in responders.forEach { $0.send { .text("too late") } } }
      // Another connection may have the slot of the one that is gone.
      let next = try RawClient(address)
      try await next.send("GET /none HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await next.response().status == 404)
    }
  }

  /// So that work which has not begun need not begin. A client that sends no more may still wait.
  @Test(arguments: [PollerKind.best, .poll]) func reportsThatNoClientWaits(_ poller: PollerKind) async throws {
    let kept = Mutex<[Responder]>([])
    func unwanted() -> [Bool] { kept.withLock { responders in responders.map { $0.isCancelled } } }
    let handler = TestHandler(routes: [
      "/": { _ in .respond(.callback { responder in kept.withLock { $0.append(responder) } }) },
      "/now": { _ in .respond(.response(.text("now"))) },
    ])
    var configuration = ServerConfiguration.patient
    configuration.poller = poller
    try await withServer(handler, configuration: configuration) { server, address in
      let (gone, patient) = (try RawClient(address), try RawClient(address))
      for (count, client) in [(1, gone), (2, patient)] {
        try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try await eventually { kept.withLock { $0.count } == count }
      }
      patient.finishSending()
      #expect(unwanted() == [false, false])
      gone.reset()
      try await eventually { server.statistics.openConnections == 1 }
      let other = try RawClient(address)
      try await other.send("GET /now HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await other.response().text == "now")
      #expect(unwanted() == [true, false])
      kept.withLock { responders in responders.forEach { $0.send { .text("done") } } }
      #expect(try await patient.response().text == "done")
    }
    kept.withLock { $0 = [] }
    configuration.handlerTimeout = .milliseconds(50)
    try await withServer(handler, configuration: configuration) { _, address in
      let client = try RawClient(address)
      try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await client.response().status == 503)
      #expect(unwanted() == [true])
    }
  }
}
