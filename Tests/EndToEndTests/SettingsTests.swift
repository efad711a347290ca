import Foundation
import TestSupport
import Testing

/// Options, variables and help of the command.
@Suite struct SettingsTests {
  @Test func takesTheEnvironmentAndTheCommandLineFirst() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(
        ["--max-payload-bytes", "20"],
        environment: [
          "EVENTO_PORT": "0", "EVENTO_DATABASE": folder + "/e.sqlite", "EVENTO_MAX_PAYLOAD_BYTES": "10",
          "EVENTO_MAX_METADATA_BYTES": "30", "EVENTO_BASE_PATH": "/evento", "EVENTO_TOKENFILE": "typo",
        ])
      #expect(gateway.announcement.contains(folder + "/e.sqlite"))
      try await gateway.waitForLog("EVENTO_TOKENFILE")
      let client = try gateway.client
      func write(_ member: String) async throws -> HTTPResponse {
        try await client.send(
          "POST", "/evento/events",
          "{\"events\":[{\"aggregator_type\":\"t\",\"aggregator_id\":\"i\",\"name\":\"n\",\(member)}]}")
      }
      #expect(try await write("\"data\":\"123456789012345678\"").status == 201)
      #expect(try await write("\"data\":\"1234567890123456789\"").text.contains("20"))
      #expect(try await write("\"metadata\":{\"k\":\"1234567890123456789012345\"}").text.contains("30"))
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  @Test func logsItsLimitsWhenItStarts() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess([
        "--port", "0", "--database", folder + "/e.sqlite", "--max-payload-bytes", "20", "--idle-timeout", "7",
        "--log-level", "debug",
      ])
      gateway.send(SIGTERM)
      let log = await gateway.outcome().errors
      #expect(log.contains("Access: no tokens. Every process on this machine"))
      #expect(log.contains("--max-payload-bytes 20, ") && log.contains("--max-connections 16384, "))
      #expect(log.contains("--idle-timeout 7, ") && log.contains("--shutdown-grace 5"))
    }
  }

  @Test func theHelpBeginsWithWhatEveryoneNeeds() async throws {
    let help = try await GatewayProcess.run(["serve", "--help"]).output
    let options = help.matches(of: /\n +(--[a-z-]+)/).map { String($0.output.1) }
    #expect(Array(options.prefix(4)) == ["--database", "--host", "--port", "--token-file"])
  }

  /// A Service named `evento` has Kubernetes set these in every pod of its namespace.
  @Test func ignoresServiceLinksAndSaysSo() async throws {
    try await withTemporaryFolder { folder in
      let links = [
        "EVENTO_PORT": "tcp://10.0.0.1:8080", "EVENTO_SERVICE_HOST": "10.0.0.1", "EVENTO_SERVICE_PORT": "8080",
        "EVENTO_SERVICE_PORT_HTTP": "8080", "EVENTO_PORT_8080_TCP": "tcp://10.0.0.1:8080",
        "EVENTO_PORT_8080_TCP_PROTO": "tcp", "EVENTO_PORT_8080_TCP_PORT": "8080",
        "EVENTO_PORT_8080_TCP_ADDR": "10.0.0.1", "EVENTO_GATEWAY_PORT": "udp://10.0.0.2:1",
      ]
      let gateway = try await GatewayProcess(
        [
          "--unix-socket", folder + "/s", "--unix-socket-only", "--database", folder + "/e.sqlite", "--log-level",
          "debug",
        ],
        environment: links.merging(["EVENTO_SERVICE": "typo", "EVENTO_MAX_PAYLOAD_BYTES": "10"]) { $1 })
      gateway.send(SIGTERM)
      let outcome = await gateway.outcome()
      #expect(outcome.status == 0)
      let lines = outcome.errors.split(separator: "\n")
      let told = lines.filter { $0.contains("enableServiceLinks: false") }
      #expect(told.count == 1)
      for name in links.keys { #expect(told.first?.contains(name) == true) }
      #expect(lines.filter { $0.contains("is not a setting") }.count == 1, "the typo alone")
      #expect(outcome.errors.contains("--max-payload-bytes 10,"))
    }
    // A value that is not a link is an error, as before.
    let outcome = try await GatewayProcess.run(["serve"], environment: ["EVENTO_PORT": "http://10.0.0.1:8080"])
    #expect(outcome.status == 64)
  }

  @Test func tellsItsVersionAndItsLimits() async throws {
    for arguments in [["version"], ["--version"]] {
      let version = try await GatewayProcess.run(arguments)
      #expect(version.status == 0)
      #expect(version.output.firstMatch(of: /^evento-gateway [0-9]+\.[0-9]+\.[0-9]+\n$/) != nil)
    }
    let help = try await GatewayProcess.run(["serve", "--help"])
    for option in ["--max-body-bytes", "--max-payload-bytes", "--max-requests-in-flight", "--token-file", "EVENTO_"] {
      #expect(help.output.contains(option))
    }
    #expect(help.output.contains("default: 16777216"))
  }
}
