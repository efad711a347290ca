import Synchronization
import Testing

@testable import HTTPServer

@Suite struct StreamTests {
  private func handler(_ produce: @escaping @Sendable (BodyWriter) async throws -> Void) -> TestHandler {
    TestHandler(routes: [
      "/": { _ in .respond(.response(Response(headers: ["Content-Type": "text/plain"], body: .stream(produce)))) },
      "/later": { _ in .respond(.task { _ in Response(body: .stream(produce)) }) },
    ])
  }

  /// What is written is there before the body is complete.
  @Test(arguments: [PollerKind.best, .poll]) func sendsWhatIsWrittenAtOnce(_ poller: PollerKind) async throws {
    let goesOn = ["/": Signal(), "/later": Signal()]
    let handler = TestHandler(
      routes: goesOn.mapValues { signal in
        { head in
          let response = Response(
            body: .stream { writer in
              try await writer.write(Array("first".utf8))
              await signal.wait()
              try await writer.write([])
              try await writer.write(Array("second".utf8))
            })
          return .respond(head.path == "/" ? .response(response) : .task { _ in response })
        }
      })
    var configuration = ServerConfiguration.patient
    configuration.poller = poller
    try await withServer(handler, configuration: configuration) { _, address in
      for (path, signal) in goesOn {
        let client = try RawClient(address)
        try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        var head = ""
        while !head.hasSuffix("\r\n\r\n") { head += String(decoding: try await client.bytes(1), as: UTF8.self) }
        #expect(head.contains("Transfer-Encoding: chunked\r\n"))
        #expect(try await client.bytes(10) == Array("5\r\nfirst\r\n".utf8))
        signal.fire()
        #expect(try await client.bytes(16) == Array("6\r\nsecond\r\n0\r\n\r\n".utf8))
      }
    }
  }

  /// A writer that has nothing to write just now finds out all the same.
  @Test func anEmptyWriteFailsOnceTheClientIsGone() async throws {
    let (written, ended) = (Signal(), Signal())
    let handler = handler { writer in
      try await writer.write(Array("first".utf8))
      written.fire()
      // It is cancelled once the writer is closed.
      while !Task.isCancelled { await Task.yield() }
      do {
        try await writer.write([])
        ended.fire()
      } catch {
        ended.fire(error)
      }
    }
    try await withServer(handler) { _, address in
      let client = try RawClient(address)
      try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      _ = try await client.bytes(17)
      // The head is sent before the body: otherwise, the first write could fail.
      _ = await written.wait()
      client.reset()
      #expect(await ended.wait() as? BodyWriter.Closed == .clientGone)
    }
  }

  @Test(arguments: [PollerKind.best, .poll]) func sendsALongStreamThroughASmallBuffer(_ poller: PollerKind) async throws
  {
    let handler = handler { writer in
      for number in 0..<2000 { try await writer.write([UInt8](repeating: UInt8(number & 0xFF), count: 997)) }
      try await writer.write([UInt8](repeating: 7, count: 300_000))
    }
    var configuration = ServerConfiguration.patient
    configuration.bufferedBytes = 3000
    configuration.poller = poller
    try await withServer(handler, configuration: configuration) { _, address in
      for version in ["1.1", "1.0"] {
        let client = try RawClient(address, receiveBuffer: 8192)
        try await client.send("GET / HTTP/\(version)\r\nHost: a\r\n\r\n")
        let body = try await client.response().body
        #expect(body.count == 2000 * 997 + 300_000)
        for number in 0..<2000 {
          let piece = Array(body[(number * 997)..<(number * 997 + 997)])
          if piece != [UInt8](repeating: UInt8(number & 0xFF), count: 997) { Issue.record("piece \(number) differs") }
        }
        #expect(body[(2000 * 997)...] == [UInt8](repeating: 7, count: 300_000)[...])
      }
    }
  }

  /// A client that stops reading for a while and then takes all there is gets the rest too.
  @Test(arguments: [PollerKind.best, .poll]) func continuesAfterAClientHasCaughtUp(_ poller: PollerKind) async throws {
    let count = 5000
    let written = Atomic(0)
    let handler = handler { writer in
      for _ in 0..<count {
        try await writer.write([UInt8](repeating: 65, count: 300))
        written.add(1, ordering: .relaxed)
      }
    }
    var configuration = ServerConfiguration.patient
    configuration.bufferedBytes = 300
    configuration.poller = poller
    // A Unix socket takes all of a small piece or nothing of it.
    let path = "/tmp/http-server-\(UInt64.random(in: 0 ... .max)).sock"
    try await withServer(handler, on: .unix(path: path), configuration: configuration) { _, address in
      let client = try RawClient(address)
      try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      // Until the kernel takes no more.
      var before = -1
      try await eventually {
        defer { before = written.load(ordering: .relaxed) }
        return before > 0 && before == written.load(ordering: .relaxed)
      }
      #expect(try await client.response().body == [UInt8](repeating: 65, count: 300 * count))
    }
  }

  /// RFC 9112 §8: a client can tell that the body is not whole.
  @Test func breaksOffWhereTheWriterFails() async throws {
    struct Failure: Error {}
    let handler = handler { writer in
      try await writer.write(Array("some".utf8))
      throw Failure()
    }
    try await withServer(handler) { _, address in
      let client = try RawClient(address)
      try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      let all = String(decoding: try await client.remainder(), as: UTF8.self)
      #expect(all.hasSuffix("4\r\nsome\r\n"))
      let old = try RawClient(address)
      try await old.send("GET / HTTP/1.0\r\n\r\n")
      await #expect(throws: RawClient.Failure.self) { try await old.remainder() }
    }
  }

  /// A writer holds no more than the buffer when nobody reads, and learns when the client has gone.
  @Test func waitsForAClientThatDoesNotRead() async throws {
    let written = Atomic(0)
    let ended = Signal()
    let handler = handler { writer in
      do {
        while true {
          try await writer.write([UInt8](repeating: 65, count: 1000))
          written.add(1000, ordering: .relaxed)
        }
      } catch {
        ended.fire(error)
        throw error
      }
    }
    var configuration = ServerConfiguration.patient
    configuration.bufferedBytes = 10_000
    try await withServer(handler, configuration: configuration) { server, address in
      let client = try RawClient(address, receiveBuffer: 4096)
      try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      // Others are served while it waits.
      let other = try RawClient(address)
      for _ in 0..<100 {
        try await other.send("GET /none HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await other.response().status == 404)
      }
      // The kernel's own buffers hold some megabytes at most.
      #expect(written.load(ordering: .relaxed) < 20_000_000)
      client.reset()
      let error = await ended.wait()
      #expect(error as? BodyWriter.Closed == .clientGone)
      try await eventually { server.statistics.openConnections <= 1 }
    }
  }

  /// A client that is gone cancels the work for its response.
  @Test func cancelsWorkForAClientThatIsGone() async throws {
    let (begun, cancelled) = (Signal(), Signal())
    let handler = TestHandler(routes: [
      "/": { _ in
        .respond(
          .task { _ in
            await withTaskCancellationHandler {
              begun.fire()
              await cancelled.wait()
            } onCancel: {
              cancelled.fire()
            }
            return .text("nobody is there")
          })
      }
    ])
    try await withServer(handler) { server, address in
      let client = try RawClient(address)
      try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      await begun.wait()
      client.reset()
      await cancelled.wait()
      try await eventually { server.statistics.openConnections == 0 }
    }
  }
}
