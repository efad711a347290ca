import Evento
import EventoHTTP
import Foundation
import Logging
import Synchronization
import Testing

/// What a follower logs of a gateway that it can't reach, since it never gives up.
@Suite(.timeLimit(.minutes(1))) struct StreamLogTests {
  final class Recorder: TextOutputStream, Sendable {
    private let text = Mutex("")

    func write(_ line: String) { text.withLock { $0 += line } }

    var lines: [String] { text.withLock { $0.split(separator: "\n").map(String.init) } }
    var logger: Logger { Logger(label: "test") { StreamLogHandler(label: $0, stream: self) } }
  }

  /// Followers of one executor share the line.
  @Test(arguments: [Args.Start.beginning, .now])
  func aGatewayThatIsAwayIsLoggedOnceAndItsReturnToo(_ start: Args.Start) async throws {
    let (log, requests) = (Recorder(), Shared(0))
    let server = try ScriptedServer { peer in
      while let request = peer.readRequest() {
        if requests.change({ $0 += 1 }) <= 12 {
          peer.write(problem(503, "unavailable"))
        } else if FakeLog.start(of: request) != nil {
          peer.write(Peer.streamHead)
          peer.writeChunk(FakeLog.lines(1...2))
          peer.waitForEnd()
        } else {
          peer.write(
            httpResponse(
              "200 OK", "application/json", [],
              #"{"edges":[],"page_info":{"has_previous_page":true,"has_next_page":false,"start_cursor":null,"#
                + #""end_cursor":"\#(FakeLog.cursor(0))"}}"#))
        }
      }
    }
    let configuration = testConfiguration {
      $0.logger = log.logger
      $0.retry.attempts = 1
    }
    try await withServer(server, configuration) { executor in
      async let first = executor.follow(after: start).versions(2)
      async let second = executor.follow(after: start).versions(2)
      let seen = try await [first, second]
      #expect(seen == [[1, 2], [1, 2]])
    }
    #expect(log.lines.count == 2, "\(log.lines)")
    #expect(log.lines.first?.contains("warning") == true && log.lines.first?.contains("Retrying") == true)
    #expect(log.lines.last?.contains("notice") == true && log.lines.last?.contains("again") == true)
  }

  /// A gateway that stops ends its streams.
  @Test func aStreamThatEndsInOrderIsNotLogged() async throws {
    let log = Recorder()
    let server = try ScriptedServer { peer in
      while let request = peer.readRequest() {
        let start = FakeLog.start(of: request) ?? 0
        peer.write(Peer.streamHead)
        peer.writeChunk(FakeLog.lines(start + 1...start + 2))
        peer.writeLastChunk()
      }
    }
    try await withServer(server, testConfiguration { $0.logger = log.logger }) { executor in
      let seen = try await executor.follow().versions(6)
      #expect(seen == [1, 2, 3, 4, 5, 6])
    }
    #expect(log.lines.isEmpty, "\(log.lines)")
  }
}
