import Evento
import EventoHTTP
import Foundation
import Testing

/// Whether an executor keeps anything of the calls that are over.
///
/// With a number of calls in the environment, the figures are checked and printed; to be run alone:
/// `EVENTO_ENDURANCE=100000 swift test --filter EnduranceTests`. Without, some calls beside the other tests.
@Suite struct EnduranceTests {
  private static let calls = ProcessInfo.processInfo.environment["EVENTO_ENDURANCE"].flatMap { Int($0) }

  @Test func tasksThatShareAnExecutorLeaveNothingBehind() async throws {
    let (tasks, rounds) = (200, 4)
    let callsATask = (Self.calls ?? 4_000) / tasks / rounds
    let gateway = try ScriptedServer { request in
      request.method == "DELETE"
        ? httpResponse("204 No Content") : httpResponse("200 OK", "application/json", [], noSubscribers)
    }
    try await withServer(gateway, testConfiguration { $0.connections = 32 }) { executor in
      var usage: [Usage] = []
      let start = ContinuousClock.now
      for round in 1...rounds {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for task in 0..<tasks {
            group.addTask {
              for call in 0..<callsATask {
                if call.isMultiple(of: 2) { _ = try await executor.subscribers() }
                if !call.isMultiple(of: 2) { try await executor.deleteSubscriber("s-\(task)-\(call)") }
              }
            }
          }
          try await group.waitForAll()
        }
        usage.append(try Usage.now())
        #expect(gateway.accepted <= 32)
        if Self.calls != nil {
          print("after \(round * tasks * callsATask) calls in \(start.duration(to: .now)): \(usage[round - 1])")
        }
      }
      // The first round fills caches and pools; what grows afterwards grows for ever.
      if Self.calls != nil {
        #expect(usage[rounds - 1].descriptors <= usage[0].descriptors)
        #expect(usage[rounds - 1].residentKiB <= usage[0].residentKiB + 2048)
      }
    }
  }
}

/// What this process holds, as Linux tells it.
private struct Usage: CustomStringConvertible {
  let descriptors: Int
  let residentKiB: Int

  static func now() throws -> Usage {
    let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/thread-self/fd").count
    let pages = try String(contentsOfFile: "/proc/thread-self/statm", encoding: .utf8).split(separator: " ")
    return Usage(descriptors: descriptors, residentKiB: (Int(pages[1]) ?? 0) * Int(getpagesize()) / 1024)
  }

  var description: String { "\(descriptors) descriptors, \(residentKiB) KiB resident" }
}
