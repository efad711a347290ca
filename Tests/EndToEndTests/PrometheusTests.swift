import Foundation
import TestSupport
import Testing

/// What Prometheus' own tool says of the metrics, and of the alerts in docs/operations.md.
@Suite struct PrometheusTests {
  /// `promtool`, of Debian's package `prometheus`; `nil` if it is not installed.
  private static let tool = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// - Returns: what it says, and its exit code.
  private static func run(_ arguments: [String], input: String) async throws -> (text: String, status: Int32) {
    let tool = try #require(Self.tool)
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result {
            let (process, input, output) = (Process(), input, Pipe())
            let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
            try input.write(to: file, atomically: true, encoding: .utf8)
            defer { try? FileManager.default.removeItem(at: file) }
            process.executableURL = URL(filePath: tool)
            process.arguments = arguments.map { $0 == "-" ? file.path() : $0 }
            process.standardInput = try FileHandle(forReadingFrom: file)
            process.standardOutput = output
            process.standardError = output
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            return (text, process.terminationStatus)
          })
      }
    }
  }

  private static var rules: String {
    get throws {
      let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/operations.md")
      let text = try String(contentsOf: file, encoding: .utf8)
      let rules = try #require(text.firstMatch(of: /```yaml\n(groups:\n(?s:.*?))```/))
      return String(rules.output.1)
    }
  }

  private func withMetrics(_ arguments: [String] = [], _ body: (String) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(["--port", "0", "--database", folder + "/e.sqlite"] + arguments)
      let client = try gateway.client
      for key in ["a", "b%22%5C"] {
        let put = try await client.send("PUT", "/subscribers/\(key)", #"{"worker_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#)
        #expect(put.status == 201)
      }
      for _ in 0..<2 {
        let event = #"{"aggregator_type":"t","aggregator_id":"i","name":"n"}"#
        #expect(try await client.send("POST", "/events", "{\"events\":[\(event)]}").status == 201)
      }
      try await body(try await client.send("GET", "/metrics").text)
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  @Test(.enabled(if: tool != nil)) func theMetricsAreWithoutFault() async throws {
    try await withMetrics { metrics in
      let result = try await Self.run(["check", "metrics"], input: metrics)
      #expect(result.text.isEmpty && result.status == 0)
    }
  }

  /// The tool finds faults.
  @Test(.enabled(if: tool != nil)) func theToolFindsAFault() async throws {
    let result = try await Self.run(["check", "metrics"], input: "# TYPE a_milliseconds counter\na_milliseconds 1\n")
    #expect(result.status != 0)
  }

  @Test(.enabled(if: tool != nil)) func theAlertsAreValid() async throws {
    let result = try await Self.run(["check", "rules", "-"], input: try Self.rules)
    #expect(result.status == 0, "\(result.text)")
    let broken = try await Self.run(["check", "rules", "-"], input: try Self.rules.replacing("rate(", with: "rote("))
    #expect(broken.status != 0)
  }

  /// An alert on a metric that does not exist never fires.
  @Test func theAlertsAreOnMetricsThatExist() async throws {
    let used = try Self.rules.matches(of: /(evento|process)_[a-z_]+/).map { String($0.output.0) }
    #expect(used.count > 8)
    try await withMetrics { metrics in
      for name in Set(used) {
        #expect(metrics.contains("\n\(name) ") || metrics.contains("\n\(name){"), "\(name)")
      }
    }
  }
}
