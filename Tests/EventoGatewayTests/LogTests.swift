import Evento
import EventoSQLite
import Logging
import TestSupport
import Testing

@testable import EventoGateway

/// What is in the log, and how often.
@Suite(.timeLimit(.minutes(1))) struct LogTests {
  @Test func countsRepeatedFailuresOfOneKind() async throws {
    let (store, recorder) = (GatedExecutor(), LogRecorder())
    try await withGateway(over: store, { $0.failureInterval = .seconds(1) }, log: recorder.logger()) { client in
      for _ in 0..<50 { #expect(try await client.send("POST", "/events", writeJSON(eventJSON())).status == 503) }
      // Each is in a line of its own or in a count.
      let lines = try await recorder.lines(with: "This store takes reads alone.") { lines in
        lines.reduce(0) { sum, line in
          sum + (line.firstMatch(of: /Failed ([0-9]+) more times in 1.0 seconds/).flatMap { Int($0.output.1) } ?? 1)
        } == 50
      }
      #expect(lines.count < 50)
      #expect(lines.contains { $0.contains("POST /events failed") && $0.contains("request_id=") })
    }
  }

  /// Contract §9: the request id finds it in the log.
  @Test func hasEachInternalFailureWithItsRequestID() async throws {
    let (store, recorder) = (GatedExecutor(), LogRecorder())
    await store.gate.open()
    try await withGateway(over: store, log: recorder.logger()) { client in
      for number in 0..<20 {
        let answer = try await client.send("GET", "/events", fields: [("X-Request-Id", "find-me-\(number)-")])
        #expect(answer.status == 500)
        #expect(recorder.lines(with: "find-me-\(number)-").count == 1)
      }
    }
  }
}
