import Foundation
import TestSupport
import Testing

@testable import EventoSQLite

/// How the command starts and stops.
@Suite struct LifecycleTests {
  @Test func tellsWhereItListensAndWhatItHas() async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/events.sqlite"
      for count in ["0 events", "1 event"] {
        let gateway = try await GatewayProcess(["--port", "0", "--database", database])
        #expect(gateway.announcement.contains("http://127.0.0.1:"))
        #expect(gateway.announcement.contains(database))
        #expect(gateway.announcement.hasSuffix(count))
        let body = "{\"events\":[{\"aggregator_type\":\"t\",\"aggregator_id\":\"i\",\"name\":\"n\"}]}"
        #expect(try await gateway.client.send("POST", "/events", body).status == 201)
        gateway.send(SIGTERM)
        #expect(await gateway.outcome().status == 0)
      }
    }
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func stopsInGoodOrder(_ signal: Int32) async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/events.sqlite"
      let gateway = try await GatewayProcess(["--port", "0", "--database", database])
      let client = try gateway.client
      // A request whose body is still on its way when the signal comes is finished.
      let body = Array("{\"events\":[{\"aggregator_type\":\"t\",\"aggregator_id\":\"i\",\"name\":\"n\"}]}".utf8)
      let connection = try RawConnection(port: client.port)
      try await connection.send(
        "POST /events HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: \(body.count)\r\n\r\n")
      var responses = HTTPResponseReader(connection)
      #expect(try await responses.nextOfAny().status == 100)
      gateway.send(signal)
      try await gateway.waitForLog("Stopping")
      try await connection.send(body)
      let response = try await responses.next()
      #expect(response.status == 201)
      #expect(response["Connection"] == "close")
      let outcome = await gateway.outcome()
      #expect(outcome.status == 0 && !outcome.isKilled)
      #expect(!FileManager.default.fileExists(atPath: database + "-wal"), "the log is in the database")
      #expect(throws: RawConnection.Failure.self) { try RawConnection(port: client.port) }
    }
  }

  /// A client that reads nothing would keep it for as long as it may.
  @Test(.timeLimit(.minutes(2))) func aSecondSignalCutsOffWhatIsInFlight() async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/events.sqlite"
      let gateway = try await GatewayProcess([
        "--port", "0", "--database", database, "--shutdown-grace", "600", "--write-timeout", "600",
      ])
      let client = try gateway.client
      // More than the kernel takes for a client.
      let event = "\"aggregator_type\":\"t\",\"aggregator_id\":\"i\",\"name\":\"n\""
      let body = "{\"events\":[{\(event),\"data\":\"\(String(repeating: "x", count: 7_000_000))\"}]}"
      for _ in 0..<4 { #expect(try await client.send("POST", "/events", body).status == 201) }
      let connection = try RawConnection(port: client.port)
      try await connection.send(client.message("GET", "/events/stream", nil, []))
      var stream = HTTPResponseReader(connection)
      #expect(try await stream.beginning { $0.contains("node") }.status == 200)
      gateway.send(SIGTERM)
      try await gateway.waitForLog("Stopping: ")
      gateway.send(SIGTERM)
      try await gateway.waitForLog("Requests in flight are cut off")
      let outcome = await gateway.outcome()
      #expect(outcome.status == 0 && !outcome.isKilled)
      #expect(!FileManager.default.fileExists(atPath: database + "-wal"), "the log is in the database")
      // The stream is not whole, and the client sees that.
      await #expect(throws: RawConnection.Failure.self) { _ = try await stream.more { _ in false } }
    }
  }

  /// If the database can't be closed: another process has locked it, or its disk does not respond.
  @Test(.timeLimit(.minutes(2))) func aThirdSignalEndsItWithoutClosingTheDatabase() async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/events.sqlite"
      let gateway = try await GatewayProcess(["--port", "0", "--database", database, "--shutdown-grace", "600"])
      let client = try gateway.client
      let event = "{\"events\":[{\"aggregator_type\":\"t\",\"aggregator_id\":\"i\",\"name\":\"n\"}]}"
      #expect(try await client.send("POST", "/events", event).status == 201)
      let other = try Connection(path: database, busyTimeout: .seconds(5))
      try other.execute("BEGIN IMMEDIATE")
      // It waits for the database, and so does whoever closes that, for 5 seconds.
      let connection = try RawConnection(port: client.port)
      try await connection.send(client.message("POST", "/events", Array(event.utf8), []))
      while try await client.send("GET", "/metrics").text.contains("evento_requests_in_flight 0") {}
      for sign in ["Stopping: ", "Requests in flight are cut off", "Ended without closing the database"] {
        gateway.send(SIGTERM)
        try await gateway.waitForLog(sign)
      }
      let outcome = await gateway.outcome()
      #expect(outcome.status == 1 && !outcome.isKilled)
      other.close()
      let again = try await GatewayProcess(["--port", "0", "--database", database])
      #expect(again.announcement.hasSuffix(" 1 event"))
      again.send(SIGTERM)
      #expect(await again.outcome().status == 0)
    }
  }

  @Test func tellsThatThePortIsTaken() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(["--port", "0", "--database", folder + "/a.sqlite"])
      let port = try gateway.client.port
      let second = try await GatewayProcess.run(["serve", "--port", "\(port)", "--database", folder + "/b.sqlite"])
      #expect(second.status != 0 && !second.isKilled)
      #expect(second.errors.contains("port \(port)") && second.errors.contains("with --port"))
      #expect(!FileManager.default.fileExists(atPath: folder + "/b.sqlite"), "nothing is left behind")
      let other = try await GatewayProcess.run(
        ["serve", "--port", "0", "--unix-socket", folder + "/a.sqlite", "--database", folder + "/b.sqlite"])
      #expect(other.status == 1 && other.errors.contains("with --unix-socket"))
      #expect(!FileManager.default.fileExists(atPath: folder + "/b.sqlite"))
      // By the variable, if that has the value.
      let variables = ["EVENTO_PORT": "\(port)", "EVENTO_DATABASE": folder + "/b.sqlite"]
      let third = try await GatewayProcess.run(["serve"], environment: variables)
      #expect(third.status == 1 && third.errors.contains("with EVENTO_PORT"), "\(third.errors)")
      #expect(!third.errors.contains("--port"), "\(third.errors)")
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  @Test(
    arguments: [
      (
        ["--host", "no.such.invalid", "--allow-anonymous"], [:],
        "Can't look up the host \"no.such.invalid\": ", "Check the name, or give an IP address with --host."
      ),
      (
        ["--allow-anonymous"], ["EVENTO_HOST": "no.such.invalid"], "Can't look up the host \"no.such.invalid\": ",
        "Check the name, or give an IP address with EVENTO_HOST."
      ),
      (
        ["--host", "192.0.2.1", "--allow-anonymous"], [:], "Can't listen on 192.0.2.1 port 0: ",
        "This machine does not have that address. Choose another with --host."
      ),
      (
        ["--unix-socket", "/tmp/" + String(repeating: "a", count: 200)], [:], "Can't listen on the Unix socket /tmp/a",
        "The path has 205 bytes, but at most 107 are possible. Name a shorter one with --unix-socket."
      ),
      (
        [], ["EVENTO_UNIX_SOCKET": "/none/at/all"], "Can't listen on the Unix socket /none/at/all: ",
        "The folder /none/at does not exist. Create it first."
      ),
      (
        [], ["EVENTO_UNIX_SOCKET": "/tmp"], "Can't listen on the Unix socket /tmp: ",
        "A file that is not a socket is there. Name another path with EVENTO_UNIX_SOCKET."
      ),
    ] as [([String], [String: String], String, String)])
  func tellsWhereItCannotListen(
    _ arguments: [String], _ environment: [String: String], _ what: String, _ advice: String
  ) async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await GatewayProcess.run(
        ["serve", "--port", "0", "--database", folder + "/e.sqlite"] + arguments, environment: environment)
      #expect(outcome.status == 1)
      #expect(
        outcome.errors.hasPrefix("Error: \(what)") && outcome.errors.hasSuffix(". \(advice)\n"), "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/e.sqlite"))
    }
  }

  @Test func takesAHostInAnyCase() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(["--host", "LOCALHOST", "--port", "0", "--database", folder + "/e.sqlite"])
      #expect(try await gateway.client.send("GET", "/healthz").status == 200)
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  @Test func tellsThatTheDatabaseIsNone() async throws {
    try await withTemporaryFolder { folder in
      for (name, content) in [
        ("text.sqlite", "this is no database, and long enough to be looked at twice"), ("none/at/all.sqlite", ""),
      ] {
        if !content.isEmpty { try content.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8) }
        let outcome = try await GatewayProcess.run(["serve", "--port", "0", "--database", folder + "/" + name])
        #expect(outcome.status != 0 && !outcome.isKilled)
        #expect(outcome.errors.contains(name))
      }
      // And of the socket that it has bound by then nothing is left.
      let socket = folder + "/s"
      let outcome = try await GatewayProcess.run(
        ["serve", "--port", "0", "--unix-socket", socket, "--database", folder])
      #expect(outcome.status == 1 && outcome.errors.hasPrefix("Error: \(folder) is a folder."), "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: socket))
    }
  }

  /// While another process holds the database, or has an older store open that must be upgraded.
  @Test(.timeLimit(.minutes(2)), arguments: [("", "BEGIN EXCLUSIVE"), ("PRAGMA journal_mode = WAL", "")])
  func aSignalEndsAStartThatWaits(_ before: String, _ after: String) async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/e.sqlite"
      let other = try Connection(path: database, busyTimeout: .zero)
      try other.execute(
        """
        \(before);
        PRAGMA application_id = \(Schema.applicationID);
        PRAGMA user_version = 1;
        \(Schema.migrations[0])
        INSERT INTO store (origin, probe) VALUES (1, 0);
        \(after);
        """)
      let gateway = try CommandProcess(["serve", "--port", "0", "--database", database])
      #if os(Linux)
        while !gateway.handles(SIGTERM) || !gateway.hasOpened(database) {}
      #endif
      gateway.send(SIGTERM)
      let outcome = await gateway.outcome()
      #expect(outcome.status == 0 && !outcome.isKilled, "\(outcome.errors)")
      #expect(outcome.errors.contains("the database is not open yet") && outcome.errors.contains("Stopped."))
      #expect(outcome.output.isEmpty && !outcome.errors.contains("Error:"))
      other.close()
    }
  }

  /// At whatever moment: before it takes signals it ends by one, and from then on in good order. None is lost.
  @Test(.timeLimit(.minutes(5))) func aSignalEndsAStartAtAnyMoment() async throws {
    try await withTemporaryFolder { folder in
      for round in 0..<100 {
        let gateway = try CommandProcess(["serve", "--port", "0", "--database", folder + "/e.sqlite"])
        // The moments of a start, however long it takes here: up to its first line, and a little behind it.
        switch round % 4 {
        case 0: _ = await gateway.nextLine()
        case 1: usleep(.random(in: 0..<60_000))
        default:
          // The very moment at which a signal no longer ends it.
          #if os(Linux)
            while !gateway.handles(SIGTERM) {}
          #endif
        }
        gateway.send(SIGTERM)
        // It waits for ever for one that gets lost; a second one would end that.
        let outcome = await gateway.outcome()
        #expect(outcome.isKilled || outcome.status == 0, "\(outcome.errors)")
        if !outcome.isKilled { #expect(outcome.errors.contains("Stopped.")) }
      }
    }
  }
}
