import Foundation
import TestSupport
import Testing

/// What docs/operations.md lists is what there is.
@Suite struct OperationsTests {
  @Test func listsEveryMetric() async throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/operations.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let listed = text.matches(of: /\n\| `((?:evento|process)_[a-z_]+)` \| ([a-z]+) \|/).map {
      "\($0.output.1) \($0.output.2)"
    }
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(["--port", "0", "--database", folder + "/e.sqlite"])
      let metrics = try await gateway.client.send("GET", "/metrics").text
      let shown = metrics.matches(of: /# TYPE ([a-z_]+ [a-z]+)\n/).map { String($0.output.1) }
      #expect(shown.count > 10)
      #expect(listed.sorted() == shown.sorted())
      #expect(metrics.contains("evento_build_info{version=\"0."))
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }
}
