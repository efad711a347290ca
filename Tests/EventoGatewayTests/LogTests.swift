import Evento
import EventoSQLite
import Logging
import Synchronization
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
          let count = line.firstMatch(of: /Failed ([0-9]+) more times? in [0-9]+\.[0-9] seconds/)
          return sum + (count.flatMap { Int($0.output.1) } ?? 1)
        } == 50
      }
      #expect(lines.count < 50)
      #expect(lines.contains { $0.contains("POST /events failed") && $0.contains("request_id=") })
    }
  }

  @Test func tellsWhatItHasOnlyCountedBeforeItEnds() async throws {
    let recorder = LogRecorder()
    try await withRunningGateway(
      over: GatedExecutor(), { $0.failureInterval = .seconds(600) }, log: recorder.logger()
    ) { client, gateway, _ in
      for _ in 0..<5 {
        let response = try await client.send("POST", "/events", writeJSON(eventJSON()))
        #expect(response.status == 503)
      }
      for _ in 0..<2 { gateway.flushLog() }
      let lines = recorder.lines(with: "This store takes reads alone.")
      #expect(lines.count == 2)
      // In the time that it took, and not in the interval.
      let told = try #require(lines.last?.firstMatch(of: #/Failed 4 more times in ([0-9]+\.[0-9]) seconds:/#))
      #expect(try #require(Double(told.output.1)) < 600)
    }
  }

  @Test func tellsWhenReadinessChangesAndWhy() async throws {
    let (store, recorder) = (SwitchedStore(try await SQLiteExecutor.open(":memory:")), LogRecorder())
    try await withGateway(over: store, log: recorder.logger()) { client in
      for _ in 0..<2 {
        for isHealthy in [true, false] {
          store.isHealthy.withLock { $0 = isHealthy }
          let status = isHealthy ? 200 : 503
          for _ in 0..<3 {
            let response = try await client.send("GET", "/readyz")
            #expect(response.status == status)
          }
        }
      }
      let lines = recorder.lines(with: "eady").compactMap { $0.split(separator: "] ").last }
      #expect(lines == ["Not ready: No disk.", "Ready again.", "Not ready: No disk."])
      #expect(recorder.lines(with: "Not ready").allSatisfy { $0.contains(" error ") && $0.contains("cause=unplugged") })
    }
    await store.store.close()
  }

  @Test func tellsOfEachRequestWhoSentItAndHowLongItTook() async throws {
    let (tokens, recorder) = (try TokenFixture.all(), LogRecorder())
    let store = try await SQLiteExecutor.open(":memory:")
    try await withGateway(over: store, { $0.tokens = tokens.set }, log: recorder.logger(.debug)) { client in
      func line(_ method: String, _ target: String, _ body: String?, _ token: String?) async throws -> String {
        let id = ULID().description
        let fields = token.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
        _ = try await client.send(method, target, body, fields: fields + [(name: "X-Request-Id", value: id)])
        let lines = recorder.lines(with: id)
        try #require(lines.count == 1)
        return lines[0]
      }
      let write = try await line("POST", "/events", writeJSON(eventJSON()), tokens.write)
      let pairs = /debug test: client=127\.0\.0\.1 duration_us=[1-9][0-9]* request_id=[0-9A-Z]+ token=w \[/
      #expect(write.contains(pairs) && write.hasSuffix("] POST /events 201"), "\(write)")
      // Who may not is told by name, too; who is unknown has none.
      #expect(try await line("POST", "/events", writeJSON(eventJSON()), tokens.read).contains("token=r "))
      #expect(try await line("GET", "/events", nil, tokens.read + "x").contains("token=- "))
      #expect(try await line("GET", "/healthz", nil, nil).contains("token=- "))
    }
    await store.close()
  }

  /// docs/http-api.md §10.2: the request id finds it in the log.
  @Test func hasEachInternalFailureWithItsRequestID() async throws {
    let (store, recorder) = (GatedExecutor(), LogRecorder())
    await store.gate.open()
    try await withGateway(over: store, log: recorder.logger()) { client in
      for number in 0..<20 {
        let response = try await client.send("GET", "/events", fields: [("X-Request-Id", "find-me-\(number)-")])
        #expect(response.status == 500)
        #expect(recorder.lines(with: "find-me-\(number)-").count == 1)
      }
    }
  }
}

/// A store that can be written to or not, as a test wants.
private final class SwitchedStore: StoreWrapper {
  let store: SQLiteExecutor
  let isHealthy = Mutex(true)

  init(_ store: SQLiteExecutor) {
    self.store = store
  }

  func checkReadiness() async throws {
    if !isHealthy.withLock({ $0 }) { throw EventoError(.unavailable, "No disk.", cause: "unplugged") }
  }
}
