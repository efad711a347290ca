import Foundation
import TestSupport
import Testing

/// What is in the database after the gateway has been killed.
@Suite struct KillTests {
  @Test func hasEveryConfirmedEventAfterAKill() async throws {
    try await withTemporaryFolder { folder in
      let arguments = ["--port", "0", "--database", folder + "/events.sqlite"]
      var confirmed: Set<String> = []
      for round in 0..<3 {
        let gateway = try await GatewayProcess(arguments)
        let client = try gateway.client
        confirmed.formUnion(try await Self.write(to: client, round: round) { gateway.send(SIGKILL) })
        #expect(await gateway.outcome().isKilled)
      }
      #expect(confirmed.count >= 300)
      let gateway = try await GatewayProcess(arguments)
      let stored = try await Self.ids(gateway.client)
      #expect(Set(stored).count == stored.count)
      #expect(confirmed.isSubset(of: stored))
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  /// Writes from eight connections until the gateway is gone; it is killed after a hundred responses.
  private static func write(
    to client: HTTPClient, round: Int, kill: @escaping @Sendable () -> Void
  ) async throws -> Set<String> {
    let (responses, continuation) = AsyncStream<String>.makeStream()
    return await withTaskGroup(of: Void.self) { group in
      for writer in 0..<8 {
        group.addTask {
          let body =
            "{\"events\":[{\"aggregator_type\":\"t\",\"aggregator_id\":\"\(round)-\(writer)\",\"name\":\"n\",\"data\":1}]}"
          while let response = try? await client.send("POST", "/events", body), response.status == 201,
            let id = try? response.json["events"]?[0]?["id"]?.string
          {
            continuation.yield(id)
          }
        }
      }
      let collector = Task {
        var ids: Set<String> = []
        for await id in responses {
          ids.insert(id)
          if ids.count == 100 { kill() }
        }
        return ids
      }
      await group.waitForAll()
      continuation.finish()
      return await collector.value
    }
  }

  private static func ids(_ client: HTTPClient) async throws -> [String] {
    var (ids, after): ([String], String) = ([], "")
    while true {
      let page = try await client.send("GET", "/events?first=100\(after)").json
      ids += (page["edges"]?.array ?? []).compactMap { $0["node"]?["id"]?.string }
      guard page["page_info"]?["has_next_page"] == true, let end = page["page_info"]?["end_cursor"]?.string else {
        return ids
      }
      after = "&after=\(end)"
    }
  }
}
