import Evento
import Testing

@testable import EventoPostgreSQL

/// Connections that are made, or not.
@Suite struct OpeningTests {
  private func failureToConnect(
    _ url: String, for access: Connection.Access = .writing, within timeout: Duration? = nil
  ) async throws -> PostgreSQLFailure {
    try await onThread {
      let settings = try ConnectionSettings(url)
      return try failure { _ = try Connection(settings, for: access, within: timeout) }
    }
  }

  private func expect(
    _ failure: PostgreSQLFailure, _ reason: PostgreSQLFailure.Reason, _ sqlstate: SQLState?, _ text: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(failure.reason == reason && failure.sqlstate == sqlstate, "\(failure)", sourceLocation: sourceLocation)
    #expect(failure.outcome == .nothingWritten && failure.isConnectionLost, sourceLocation: sourceLocation)
    let error = failure.error
    #expect(error.code == .unavailable && error.detail.contains(text), "\(error)", sourceLocation: sourceLocation)
  }

  @Test func aSessionHasItsSettings() async throws {
    let settings = try await withConnection { connection in
      let row = try connection.run(
        .once(
          """
          SELECT current_setting('jit'), current_setting('plan_cache_mode'), current_setting('lock_timeout'),
            current_setting('idle_in_transaction_session_timeout'), current_setting('client_encoding'),
            current_setting('application_name'), current_setting('default_toast_compression')
          """))
      return (0..<7).map { row.text(0, $0) }
    }
    #expect(settings == ["off", "force_generic_plan", "5s", "5s", "UTF8", "evento-gateway", "lz4"])
  }

  @Test func theOperatorsCompressionIsKept() async throws {
    let url = try await TestServer.shared.url("options=-cdefault_toast_compression%3Dpglz")
    let method = try await withConnection(url) {
      try $0.run(.once("SELECT current_setting('default_toast_compression')")).text(0, 0)
    }
    #expect(method == "pglz")
  }

  @Test func theURLNamesTheApplicationAndTheSchema() async throws {
    let url = try await TestServer.shared.url("application_name=other&options=-csearch_path%3Dfrom_url")
    let statement = Statement.once("SELECT current_setting('application_name'), current_setting('search_path')")
    let fromURL = try await withConnection(url) { connection in
      let row = try connection.run(statement)
      return [row.text(0, 0), row.text(0, 1)]
    }
    #expect(fromURL == ["other", "from_url"])
    let configured = try await withConnection(url, schema: #"My "schema""#) { try $0.run(statement).text(0, 1) }
    #expect(configured == #""My ""schema""""#)
  }

  @Test func aPasswordIsCheckedAndNotShown() async throws {
    let server = try await TestServer.shared
    try await server.run(
      "DROP ROLE IF EXISTS with_password", "CREATE ROLE with_password LOGIN PASSWORD 'right'")
    try await withConnection(server.url(user: "with_password:right")) { _ = try $0.run(.once("SELECT 1")) }
    let wrong = try await failureToConnect(server.url(user: "with_password:wrong"))
    expect(wrong, .server, .invalidPassword, "rejected the password")
    #expect(!"\(wrong) \(wrong.error.cause ?? "")".contains("wrong"))
    #expect("\(wrong)".contains("with_password@127.0.0.1:\(server.port)/postgres"))
    expect(try await failureToConnect(server.url(user: "with_password")), .server, .invalidPassword, "password")
  }

  @Test func aRejectionNamesItsReason() async throws {
    let server = try await TestServer.shared
    expect(
      try await failureToConnect(server.url(database: "missing")), .server, .invalidCatalogName, "does not exist")
    expect(
      try await failureToConnect(server.url(user: "missing")), .server, .invalidAuthorization, "rejected the user")
    expect(
      try await failureToConnect(server.url(user: "with_tls")), .server, .invalidAuthorization, "pg_hba.conf")
    expect(try await failureToConnect(server.url("sslmode=require")), .tls, nil, "sslmode")
    expect(
      try await failureToConnect("postgresql://postgres@127.0.0.1:\(try unusedPort())/x"), .unreachable, nil,
      "can't be reached")
    expect(
      try await failureToConnect("postgresql://postgres@host.invalid/x"), .unreachable, nil, "can't be reached")
  }

  @Test func tooManyConnectionsAreCalledThat() async throws {
    let server = try await TestServer.shared
    try await server.run("DROP ROLE IF EXISTS limited", "CREATE ROLE limited LOGIN CONNECTION LIMIT 0")
    expect(try await failureToConnect(server.url(user: "limited")), .server, .tooManyConnections, "max_connections")
  }

  @Test func aReadOnlyServerIsPassedOver() async throws {
    let server = try await TestServer.shared
    try await server.run(
      "DROP ROLE IF EXISTS reader", "CREATE ROLE reader LOGIN",
      "ALTER ROLE reader SET default_transaction_read_only = on")
    expect(try await failureToConnect(server.url(user: "reader")), .notWritable, nil, "target_session_attrs")
    // Unless the URL accepts it.
    let error = try await withConnection(server.url(user: "reader", "target_session_attrs=any")) { connection in
      try failure { _ = try connection.run(.once("CREATE TABLE never (a int)")) }
    }
    #expect(error.sqlstate == .readOnlyTransaction && error.outcome == .nothingWritten && !error.isConnectionLost)
    #expect(error.error.detail.contains("only allows reads"))
  }

  @Test func aReadingConnectionCanNotWrite() async throws {
    let error = try await withConnection(for: .reading) { connection in
      try failure { _ = try connection.run(.once("CREATE TABLE never (a int)")) }
    }
    #expect(error.sqlstate == .readOnlyTransaction)
  }

  /// A host that hangs has no more than its own time, and the next one is tried.
  @Test func aServerThatHangsOrIsDownIsPassedOver() async throws {
    let server = try await TestServer.shared
    let silent = try ListeningSocket()
    let hosts = "127.0.0.1:\(try unusedPort()),127.0.0.1:\(silent.port),127.0.0.1:\(server.port)"
    let port = try await withConnection("postgresql://postgres@\(hosts)/postgres?connect_timeout=1") {
      try $0.run(.once("SELECT inet_server_port()")).integer(0, 0)
    }
    #expect(port == Int64(server.port))
  }

  @Test func theDeadlineEndsASearch() async throws {
    let silent = try ListeningSocket()
    let failure = try await failureToConnect(
      "postgresql://postgres@127.0.0.1:\(silent.port)/x?connect_timeout=0", within: .milliseconds(50))
    expect(failure, .timedOut, nil, "too long")
  }

  @Test func anotherEncodingIsRefused() async throws {
    let server = try await TestServer.shared
    let name = try await server.makeDatabase("TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'")
    let failure = try await failureToConnect(server.url(database: name))
    #expect(failure.error.detail.contains("encoding LATIN1") && !failure.error.isTransient)
  }
}
