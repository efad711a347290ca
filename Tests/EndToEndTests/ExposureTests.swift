import Foundation
import TestSupport
import Testing

/// Who can reach a gateway: addresses, host names and the Unix socket.
@Suite struct ExposureTests {
  /// The gateway itself listens on loopback alone, and a proxy brings everyone.
  @Test func warnsOfAProxyWithoutTokens() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess([
        "--port", "0", "--database", folder + "/e.sqlite", "--trusted-proxy", "127.0.0.1", "--allowed-host",
        "site.example",
      ])
      gateway.send(SIGTERM)
      let log = await gateway.outcome().errors
      #expect(log.contains(/warning .*Access: no tokens. Every client of a proxy .* has full access/), "\(log)")
    }
  }

  @Test func servesAnyoneOnlyWhenToldTo() async throws {
    try await withTemporaryFolder { folder in
      let database = ["--port", "0", "--database", folder + "/e.sqlite"]
      for host in ["0.0.0.0", "::", "192.0.2.1", "127.0.0.01", "example.org"] {
        let outcome = try await GatewayProcess.run(["serve", "--host", host] + database)
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("--allow-anonymous") && outcome.errors.contains("--token-file"))
      }
      let gateway = try await GatewayProcess(
        ["--host", "0.0.0.0"] + database, environment: ["EVENTO_ALLOW_ANONYMOUS": "true"])
      #expect(gateway.announcement.contains("0.0.0.0"))
      try await gateway.waitForLog(
        "warning evento-gateway: [evento_gateway] Access: no tokens. Everyone who can reach 0.0.0.0")
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  /// Any page can have a name of its own point to an address that its browser reaches (DNS rebinding).
  @Test func servesAnyoneByAddressesAndNamesThatItIsGiven() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess([
        "--host", "0.0.0.0", "--port", "0", "--database", folder + "/e.sqlite", "--allow-anonymous",
        "--allowed-host", "store.example",
      ])
      try await gateway.waitForLog("by an IP address or as localhost or store.example. Add names with --allowed-host.")
      let port = try #require(gateway.announcement.firstMatch(of: /http:\/\/0\.0\.0\.0:([0-9]+)/))
      for (host, status) in [
        ("127.0.0.1", 200), ("192.0.2.1:8080", 200), ("localhost", 200), ("store.example", 200), ("evento", 421),
        ("evil.example", 421),
      ] {
        let connection = try RawConnection(port: try #require(UInt16(port.1)))
        try await connection.send("GET /events HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
        var responses = HTTPResponseReader(connection)
        let response = try await responses.next()
        #expect(response.status == status, "\(host)")
        #expect(response.text.contains("--allowed-host") == (status == 421))
      }
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  @Test func listensOnAUnixSocketAlone() async throws {
    try await withTemporaryFolder { folder in
      let other = try await GatewayProcess(["--port", "0", "--database", folder + "/other.sqlite"])
      let socket = folder + "/s"
      // The port is taken, and the address others', neither of which matters where it listens on neither.
      let gateway = try await GatewayProcess(
        ["--port", "\(try other.client.port)", "--host", "0.0.0.0", "--unix-socket", socket],
        environment: ["EVENTO_UNIX_SOCKET_ONLY": "true", "EVENTO_DATABASE": folder + "/e.sqlite"])
      #expect(gateway.announcement.contains(" listens on unix:\(socket), new database "))
      try await gateway.waitForLog("Access: no tokens. Everyone who can connect to \(socket)")
      #expect(try await Self.curl(socket) == (0, "200"))
      for process in [gateway, other] {
        process.send(SIGTERM)
        #expect(await process.outcome().status == 0)
      }
    }
  }

  @Test(
    .enabled(if: geteuid() == 0, "only root can be somebody else"),
    arguments: [
      ("660", true, false), ("600", false, false), ("666", true, true),
    ])
  func setsWhoMayConnectToTheUnixSocket(_ mode: String, _ itsGroup: Bool, _ others: Bool) async throws {
    try await withTemporaryFolder { folder in
      let socket = folder + "/s"
      let gateway = try await GatewayProcess([
        "--port", "0", "--database", folder + "/e.sqlite", "--unix-socket", socket, "--unix-socket-mode", mode,
      ])
      let group = String(getegid())
      #expect(try await (Self.curl(socket, as: ["--reuid=65534", "--regid=\(group)"]).status == 0) == itsGroup)
      #expect(try await (Self.curl(socket, as: ["--reuid=65534", "--regid=65534"]).status == 0) == others)
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  /// Returns the status of `/readyz`, for this user or another one, by `setpriv`.
  private static func curl(
    _ socket: String, as user: [String] = []
  ) async throws -> (status: Int32, output: String) {
    let command = [
      "curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--unix-socket", socket,
      "http://localhost/readyz",
    ]
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = (user.isEmpty ? [] : ["setpriv", "--clear-groups"] + user) + command
    let output = Pipe()
    process.standardOutput = output
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result {
            try process.run()
            let data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: data, as: UTF8.self))
          })
      }
    }
  }
}
