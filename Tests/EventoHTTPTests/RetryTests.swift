import Evento
import Synchronization
import Testing

@testable import EventoHTTP

@Suite struct RetryTests {
  private let good = httpResponse("200 OK", "application/json", [], noSubscribers)

  @Test(arguments: [
    httpResponse("502 Bad Gateway", "text/html", [], "<html>"), httpResponse("504 Gateway Timeout"),
    httpResponse("408 Request Timeout"), httpResponse("429 Too Many Requests"), httpResponse("503 Service Unavailable"),
    problem(503, "unavailable"),
  ]) func whatMayPassIsTriedAgain(_ response: [UInt8]) async throws {
    let requests = Mutex(0)
    let server = try ScriptedServer { [good] _ in
      requests.withLock { count in
        count += 1
        return count < 4 ? response : good
      }
    }
    try await withServer(server) { executor in
      let subscribers = try await executor.subscribers()
      #expect(subscribers.isEmpty)
    }
    #expect(requests.withLock { $0 } == 4)
  }

  @Test(arguments: [
    problem(500, "internal"), problem(400, "invalid_request"), problem(409, "condition_failed"),
    problem(404, "not_found"), problem(401, "unauthorized"), problem(413, "content_too_large"),
    problem(501, "not_implemented"), httpResponse("200 OK", "text/html", [], "<html>"), httpResponse("301 Moved"),
  ]) func whatStaysIsNot(_ response: [UInt8]) async throws {
    let requests = Mutex(0)
    let server = try ScriptedServer { _ in
      requests.withLock { $0 += 1 }
      return response
    }
    try await withServer(server) { executor in
      #expect(await failure { () throws in _ = try await executor.subscribers() } != nil)
    }
    #expect(requests.withLock { $0 } == 1)
  }

  @Test(arguments: [1, 2, 5]) func itGivesUpAfterItsAttemptsWithTheLastError(_ attempts: Int) async throws {
    let requests = Mutex(0)
    let server = try ScriptedServer { _ in
      requests.withLock { $0 += 1 }
      return problem(503, "unavailable")
    }
    try await withServer(server, testConfiguration { $0.retry.attempts = attempts }) { executor in
      let error = await failure { () throws in _ = try await executor.subscribers() }
      #expect(error == EventoError(.unavailable, "d"))
    }
    #expect(requests.withLock { $0 } == attempts)
  }

  @Test(arguments: ["3600", "Fri, 31 Dec 2100 23:59:59 GMT", "9999999999"])
  func aDelayThatTheDeadlineLeavesNoTimeForIsNotBegun(_ retryAfter: String) async throws {
    let requests = Mutex(0)
    let server = try ScriptedServer { _ in
      requests.withLock { $0 += 1 }
      return problem(503, "unavailable", ["Retry-After: \(retryAfter)"])
    }
    try await withServer(server, testConfiguration { $0.retry.backoff.maximumDelay = .seconds(86400) }) { executor in
      let error = await failure { () throws in _ = try await executor.subscribers() }
      #expect(error?.code == .unavailable)
    }
    #expect(requests.withLock { $0 } == 1)
  }

  /// A deadline that leaves time for it makes no difference: the configured maximum applies.
  @Test(.timeLimit(.minutes(1)), arguments: ["86400", "Fri, 31 Dec 2100 23:59:59 GMT", "9999999999"])
  func noDelayIsLongerThanTheMaximum(_ retryAfter: String) async throws {
    let requests = Mutex(0)
    let server = try ScriptedServer { [good] _ in
      let count = requests.withLock { count in
        count += 1
        return count
      }
      return count < 4 ? problem(503, "unavailable", ["Retry-After: \(retryAfter)"]) : good
    }
    let configuration = testConfiguration { $0.callDeadline = .seconds(1_000_000) }
    try await withServer(server, configuration) { executor in _ = try await executor.subscribers() }
    #expect(requests.withLock { $0 } == 4)
  }

  @Test func aRetryAfterCountsUpToTheMaximumDelay() {
    var policy = RetryPolicy()
    policy.backoff.maximumDelay = .seconds(2)
    for (asked, obeyed) in [(nil, 0), (0, 0), (1, 1), (2, 2), (3, 2), (86400, 2), (1 << 31, 2)] as [(Int?, Int)] {
      #expect(policy.delay(requested: asked.map { .seconds($0) }) == .seconds(obeyed))
    }
    policy.backoff.maximumDelay = .seconds(-1)
    #expect(policy.delay(requested: .seconds(5)) == .zero)
  }

  @Test func aShortRetryAfterIsWaitedFor() async throws {
    let times = Mutex<[ContinuousClock.Instant]>([])
    let server = try ScriptedServer { [good] _ in
      times.withLock { times in
        times.append(.now)
        return times.count == 1 ? problem(503, "unavailable", ["Retry-After: 1"]) : good
      }
    }
    let configuration = testConfiguration { $0.retry.backoff.maximumDelay = .seconds(5) }
    try await withServer(server, configuration) { executor in _ = try await executor.subscribers() }
    let seen = times.withLock { $0 }
    #expect(seen.count == 2 && seen[0].duration(to: seen[1]) >= .seconds(1))
  }

  @Test func nobodyThereIsTriedAgainAndThenUnavailable() async throws {
    let server = try ScriptedServer { _ in [] }
    let baseURL = server.baseURL
    server.stop()
    let executor = try HTTPExecutor(baseURL: baseURL, configuration: testConfiguration { $0.retry.attempts = 3 })
    let error = await failure { () throws in try await executor.write([.sample()]) }
    #expect(error?.code == .unavailable && error?.detail.contains("can't be reached") == true)
    #expect(error?.isTransient == true)
    #expect(error?.cause?.contains("127.0.0.1") == true && error?.detail.contains("127.0.0.1") == false)
    await executor.close()
  }
}
