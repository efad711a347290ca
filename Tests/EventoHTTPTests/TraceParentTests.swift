import Evento
import EventoHTTP
import Synchronization
import Testing

/// The trace of the caller goes with its calls.
@Suite struct TraceParentTests {
  private static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
  @TaskLocal private static var current: String?

  private func sent(
    _ configure: (inout HTTPConfiguration) -> Void, response: [UInt8] = httpResponse("204 No Content"),
    _ body: (HTTPExecutor) async throws -> Void
  ) async throws -> [Request] {
    let seen = Mutex<[Request]>([])
    let server = try ScriptedServer { request in
      seen.withLock { $0.append(request) }
      return response
    }
    var configuration = testConfiguration()
    configure(&configuration)
    try await withServer(server, configuration, path: "", body)
    return seen.withLock { $0 }
  }

  /// With and without a body, on one connection.
  @Test func isSentForEachCallInItsTask() async throws {
    let requests = try await sent({ $0.traceparent = { Self.current } }) { executor in
      for trace in [nil, Self.trace, nil] {
        try await Self.$current.withValue(trace) {
          try await executor.deleteSubscriber("a")
          try await executor.saveSnapshot(
            SnapshotKey(type: "t", revision: "1", id: "i"),
            Snapshot(data: Payload([1]), cursor: Cursor("AQAAAAAAAAABGYBWqsFNXtKmIA")))
        }
      }
    }
    #expect(requests.map { $0.headers["traceparent"] } == [nil, nil, Self.trace, Self.trace, nil, nil])
    #expect(requests.allSatisfy { $0.headers["accept"] != nil && $0.headers["user-agent"] != nil })
    #expect(requests.map { $0.headers["content-type"] != nil } == [false, true, false, true, false, true])
  }

  @Test(arguments: ["", "00-x", "\(trace)\r\nX-Evil: 1", "\(trace)-", trace.uppercased(), "ff\(trace.dropFirst(2))"])
  func anInvalidOneIsNotSent(_ text: String) async throws {
    let requests = try await sent({ $0.traceparent = { text } }) { try await $0.deleteSubscriber("a") }
    #expect(requests.count == 1 && requests[0].headers["traceparent"] == nil && requests[0].headers["x-evil"] == nil)
  }

  @Test func allAttemptsOfACallHaveTheSame() async throws {
    let calls = Atomic(0)
    let requests = try await sent(
      {
        $0.retry.attempts = 3
        $0.traceparent = {
          calls.add(1, ordering: .relaxed)
          return Self.trace
        }
      }, response: httpResponse("503 Service Unavailable")
    ) { executor in
      await #expect(throws: EventoError.self) { try await executor.subscriber("a") }
    }
    #expect(requests.map { $0.headers["traceparent"] } == [Self.trace, Self.trace, Self.trace])
    #expect(calls.load(ordering: .relaxed) == 1)
  }
}
