import Evento
import EventoSQLite
import TestSupport
import Testing

@testable import EventoGateway

/// A token of each role.
struct TokenFixture {
  let read = TokenSet.makeToken()
  let write = TokenSet.makeToken()
  let admin = TokenSet.makeToken()

  static func all() throws -> (set: TokenSet, read: String, write: String, admin: String) {
    let tokens = TokenFixture()
    let lines = [
      TokenSet.line(name: "r", role: .read, token: tokens.read),
      TokenSet.line(name: "w", role: .write, token: tokens.write),
      TokenSet.line(name: "a", role: .admin, token: tokens.admin),
    ]
    return (try TokenSet(file: lines.joined(separator: "\n")), tokens.read, tokens.write, tokens.admin)
  }
}

/// docs/http-api.md §9.1.
@Suite struct AccessTests {
  private static let worker = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

  /// Every operation with the least role that may.
  private static let operations: [(method: String, target: String, body: String?, role: Role)] = [
    ("GET", "/events", nil, .read), ("HEAD", "/events", nil, .read), ("POST", "/events/query", "{}", .read),
    ("GET", "/events/\(worker)", nil, .read), ("GET", "/subscribers", nil, .read),
    ("GET", "/subscribers/k", nil, .read),
    ("GET", "/subscribers/k/workers/\(worker)", nil, .read), ("GET", "/snapshots/t/1/i", nil, .read),
    ("GET", "/metrics", nil, .read), ("GET", "/openapi.yaml", nil, .read),
    ("POST", "/events", writeJSON(eventJSON()), .write),
    ("PUT", "/subscribers/k", "{\"worker_id\":\"\(worker)\"}", .write),
    ("PUT", "/subscribers/k/cursor", "{\"cursor\":null}", .write), ("PUT", "/snapshots/t/1/i", "{}", .write),
    ("PATCH", "/subscribers/k", "{\"enabled\":true}", .admin), ("DELETE", "/subscribers/k", nil, .admin),
    ("DELETE", "/snapshots/t/1/i", nil, .admin),
    ("POST", "/aggregators/erase", "{\"aggregator_type\":\"t\",\"aggregator_id\":\"i\"}", .admin),
  ]

  @Test func givesEachRoleWhatItMay() async throws {
    let tokens = try TokenFixture.all()
    try await withGateway({ $0.tokens = tokens.set }) { client in
      for operation in Self.operations {
        for (role, token) in [(Role.read, tokens.read), (.write, tokens.write), (.admin, tokens.admin)] {
          let response = try await client.send(
            operation.method, operation.target, operation.body, fields: [("Authorization", "Bearer \(token)")])
          #expect(
            (response.status == 403) == (role < operation.role), "\(operation.method) \(operation.target) by \(role)")
          #expect(response.status != 401)
        }
      }
    }
  }

  @Test func challengesTheUnknown() async throws {
    let tokens = try TokenFixture.all()
    try await withGateway({ $0.tokens = tokens.set }) { client in
      for credentials in [
        nil, "Bearer", "Bearer ", "Bearer \(tokens.read)x", "Bearer \(tokens.read) x", "Basic \(tokens.read)",
        tokens.read,
        "Bearer \(tokens.read.dropLast())", "Bearer sha256:\(tokens.read)",
      ] {
        let fields = credentials.map { [(name: "Authorization", value: $0)] } ?? []
        let response = try await client.send("GET", "/events", fields: fields)
        try expectProblem(response, 401, "unauthorized")
        #expect(response["WWW-Authenticate"] == "Bearer")
        #expect(!response.text.contains(tokens.read))
      }
      let twice = [
        (name: "Authorization", value: "Bearer \(tokens.read)"),
        (name: "Authorization", value: "Bearer \(tokens.admin)"),
      ]
      try expectProblem(await client.send("GET", "/events", fields: twice), 401, "unauthorized")
      #expect(
        try await client.send("GET", "/events", fields: [("authorization", "bearer \(tokens.read)")]).status == 200)
    }
  }

  /// At the next event or heartbeat, and with a complete body, so that the client asks again and is told.
  @Test(arguments: [false, true]) func endsStreamsWhoseTokenIsWithdrawn(_ hasEvents: Bool) async throws {
    let tokens = try TokenFixture.all()
    let others = try TokenSet(file: TokenSet.line(name: "renamed", role: .read, token: tokens.write))
    let store = try await SQLiteExecutor.open(":memory:")
    try await withRunningGateway(
      over: store,
      {
        $0.tokens = tokens.set
        $0.heartbeat = hasEvents ? .seconds(600) : .milliseconds(50)
      }
    ) { client, gateway, _ in
      func open(_ token: String) async throws -> HTTPResponseReader {
        let connection = try RawConnection(port: client.port)
        try await connection.send(
          client.message("GET", "/events/stream", nil, [("Authorization", "Bearer \(token)")]))
        var responses = HTTPResponseReader(connection)
        #expect(try await responses.beginning { $0.contains("heartbeat") }.status == 200)
        return responses
      }
      var (withdrawn, kept) = (try await open(tokens.read), try await open(tokens.write))
      gateway.replaceTokens(others)
      if hasEvents { try await store.write([NewEvent(aggregatorType: "t", aggregatorID: "i", name: "n")]) }
      // To the end of the body.
      let rest = String(decoding: try await withdrawn.more { _ in false }, as: UTF8.self)
      #expect(!rest.contains("\"node\""))
      if !hasEvents { try await store.write([NewEvent(aggregatorType: "t", aggregatorID: "i", name: "n")]) }
      _ = try await kept.more { $0.contains("\"node\"") }
      let again = try await client.send(
        "GET", "/events/stream", fields: [("Authorization", "Bearer \(tokens.read)")])
      try expectProblem(again, 401, "unauthorized")
    }
    await store.close()
  }

  @Test func refusesWaitingReadsWhoseTokenIsRevoked() async throws {
    let tokens = try TokenFixture.all()
    let others = try TokenSet(file: TokenSet.line(name: "w", role: .write, token: tokens.write))
    let store = try await SQLiteExecutor.open(":memory:")
    try await withRunningGateway(over: store, { $0.tokens = tokens.set }) { client, gateway, _ in
      let admin = [(name: "Authorization", value: "Bearer \(tokens.admin)")]
      async let held = client.send(
        "GET", "/events?after=now&wait=60", fields: [("Authorization", "Bearer \(tokens.read)")])
      while try await !client.send("GET", "/metrics", fields: admin).text.contains("evento_followers 1\n") {}
      gateway.replaceTokens(others)
      try await store.write([NewEvent(aggregatorType: "t", aggregatorID: "i", name: "n")])
      try expectProblem(await held, 401, "unauthorized")
    }
    await store.close()
  }

  @Test func letsProbesPass() async throws {
    let tokens = try TokenFixture.all()
    try await withGateway({ $0.tokens = tokens.set }) { client in
      #expect(try await client.send("GET", "/healthz").status == 200)
      #expect(try await client.send("GET", "/readyz").status == 200)
      try expectProblem(await client.send("GET", "/metrics"), 401, "unauthorized")
      #expect(try await client.send("HEAD", "/metrics").status == 401)
    }
  }
}

@Suite struct TokenFileTests {
  private static let digest = "sha256:" + String(repeating: "0a", count: 32)

  @Test func skipsEmptyLinesAndComments() throws {
    let set = try TokenSet(
      file:
        "\n# a comment\n  \t\r\n  one read \(Self.digest)\r\n\ntwo\tadmin sha256:\(String(repeating: "F", count: 64))")
    #expect(set.entries.map(\.name) == ["one", "two"])
    #expect(set.entries.map(\.role) == [.read, .admin])
    #expect(try TokenSet(file: "").entries.isEmpty)
    // As some editors save it.
    #expect(try TokenSet(file: "\u{FEFF}one read \(Self.digest)").entries.map(\.name) == ["one"])
    #expect(try TokenSet(file: "\u{FEFF}# a comment\r\none read \(Self.digest)").entries.count == 1)
  }

  @Test(arguments: [
    ("one read", 1), ("\n\none root \(digest)", 3), ("#\none read sha256:00", 2), ("one read \(digest) more", 1),
    ("one read \(digest.dropLast())g", 1), ("one read SHA256:\(digest.dropFirst(7))", 1),
    ("one read \(digest)\ntwo write \(digest)", 2),
    ("one read \(digest)\none write sha256:\(String(repeating: "1", count: 64))", 2),
    ("one Read \(digest)", 1),
  ])
  func tellsTheBadLine(_ text: String, _ line: Int) {
    #expect {
      try TokenSet(file: text)
    } throws: { error in
      (error as? TokenFileError)?.line == line && "\(error)".contains("line \(line)")
    }
  }

  /// The length is looked at before the token is hashed.
  @Test func boundsTheLengthOfAToken() async throws {
    let token = String(repeating: "t", count: 4096)
    let set = try TokenSet(file: TokenSet.line(name: "long", role: .read, token: token))
    try await withGateway({ $0.tokens = set }) { client in
      func send(_ credentials: String) async throws -> HTTPResponse {
        try await client.send("GET", "/events", fields: [("Authorization", credentials)])
      }
      #expect(try await send("Bearer \(token)").status == 200)
      #expect(try await send("bEARER   \(token)").status == 200)
      for length in [4097, 30_000] {
        let response = try await send("Bearer " + String(repeating: "t", count: length))
        try expectProblem(response, 401, "unauthorized")
        #expect(response["WWW-Authenticate"] == "Bearer")
        #expect(response.text.contains("4096") && response.text.contains("\(length)"))
      }
      for credentials in [
        String(repeating: "a ", count: 15_000) + "a", "Bearer", "Bearer a b", "Bearer" + token, "Basic \(token)",
      ] {
        let response = try await send(credentials)
        try expectProblem(response, 401, "unauthorized")
        #expect(response.text.contains("are malformed"))
      }
    }
  }

  /// Nothing but a token itself passes for it, however alike two digests may be in part.
  @Test func takesNoOtherToken() throws {
    let lines = (0..<20).map { TokenSet.line(name: "t\($0)", role: .admin, token: TokenSet.makeToken()) }
    let set = try TokenSet(file: lines.joined(separator: "\n"))
    for number in 0..<2000 { #expect(set.entry(of: Array("guess-\(number)".utf8)[...]) == nil) }
  }

  @Test func makesTokensThatItTakes() throws {
    let (first, second) = (TokenSet.makeToken(), TokenSet.makeToken())
    #expect(first != second)
    #expect(first.utf8.allSatisfy { 0x21...0x7E ~= $0 })
    #expect(try TokenSet(file: TokenSet.line(name: "n", role: .write, token: first)).entries.first?.role == .write)
  }
}
