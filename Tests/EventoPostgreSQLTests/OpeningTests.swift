import Evento
import Foundation
import TestSupport
import Testing

@testable import EventoPostgreSQL

/// Connections that are made, or not.
@Suite(.needsPostgreSQL) struct OpeningTests {
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
            current_setting('application_name'), current_setting('default_toast_compression'),
            current_setting('tcp_keepalives_idle'), current_setting('tcp_user_timeout')
          """))
      return (0..<9).map { row.text(0, $0) }
    }
    #expect(settings == ["off", "force_generic_plan", "2s", "5s", "UTF8", "evento-gateway", "lz4", "5", "5000"])
  }

  @Test func theOperatorsCompressionIsKept() async throws {
    let url = try await PostgreSQLServer.shared.database.url("options=-cdefault_toast_compression%3Dpglz")
    let method = try await withConnection(url) {
      try $0.run(.once("SELECT current_setting('default_toast_compression')")).text(0, 0)
    }
    #expect(method == "pglz")
  }

  @Test func theURLNamesTheApplicationAndTheSchema() async throws {
    let url = try await PostgreSQLServer.shared.database.url(
      "application_name=other", "options=-csearch_path%3Dfrom_url")
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
    let database = try await Self.protected.value.database
    try await withConnection(database.url(user: "evento:right")) { _ = try $0.run(.once("SELECT 1")) }
    let wrong = try await failureToConnect(database.url(user: "evento:wrong"))
    expect(wrong, .server, .invalidPassword, "rejected the password")
    #expect(!"\(wrong) \(wrong.error.cause ?? "")".contains("wrong"))
    #expect("\(wrong)".contains("postgresql://evento@127.0.0.1:\(database.server.port)/evento"))
    expect(try await failureToConnect(database.url), .server, .invalidPassword, "password")
  }

  /// A server that requires TLS and a password.
  private static let protected = Task {
    try await PostgreSQLServer.start(settings: ["fsync": "off"], password: "right", requiresTLS: true)
  }

  @Test func theCertificateIsChecked() async throws {
    let server = try await Self.protected.value
    let database = server.database
    let authority = "sslrootcert=\(server.folder.path())/ca.pem"
    let isEncrypted = try await withConnection(database.url(user: "evento:right", "sslmode=verify-full", authority)) {
      try $0.run(.once("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).bool(0, 0)
    }
    #expect(isEncrypted)
    let other = try await PostgreSQLServer.start(settings: ["fsync": "off"], requiresTLS: true)
    let foreign = "sslrootcert=\(other.folder.path())/ca.pem"
    for parameters in [foreign, "sslrootcert=/missing"] {
      let url = database.url(user: "evento:right", "sslmode=verify-full", parameters)
      expect(try await failureToConnect(url), .tls, nil, "sslrootcert")
    }
    try await other.stop()
    let plain = database.url(user: "evento:right", "sslmode=disable")
    expect(try await failureToConnect(plain), .server, .invalidAuthorization, "pg_hba.conf")
  }

  @Test func aRejectionNamesItsReason() async throws {
    let database = try await PostgreSQLServer.shared.database
    let missing = "postgresql://evento@127.0.0.1:\(database.server.port)/missing"
    expect(try await failureToConnect(missing), .server, .invalidCatalogName, "does not exist")
    expect(
      try await failureToConnect(database.url(user: "missing")), .server, .invalidAuthorization, "rejected the user")
    expect(try await failureToConnect(database.url("sslmode=require")), .tls, nil, "sslmode")
    let relay = try Relay()
    relay.refuse()
    expect(try await failureToConnect(database.url(port: relay.port)), .unreachable, nil, "can't be reached")
    relay.stop()
    expect(
      try await failureToConnect("postgresql://postgres@host.invalid/x"), .unreachable, nil, "can't be reached")
  }

  /// Some are checked by libpq before or after it connects, some by the server.
  @Test(arguments: [
    ("sslmode=secret", "sslmode"), ("target_session_attrs=secret", "target_session_attrs"),
    ("keepalives_idle=secret", "keepalives_idle"), ("channel_binding=secret", "channel_binding"),
    ("gssencmode=secret", "gssencmode"), ("ssl_min_protocol_version=secret", "ssl_min_protocol_version"),
    ("options=-csecret%3D1", "options"), ("options=-cwork_mem%3Dsecret", "options"), ("options=secret", "options"),
  ])
  func aValueThatIsNotAcceptedIsNotQuoted(_ parameter: String, _ name: String) async throws {
    let url = try await PostgreSQLServer.shared.database.url(user: "evento:secret", parameter)
    let failure = try await failureToConnect(url)
    #expect(failure.reason == .refusedParameter(name) && failure.outcome == .nothingWritten, "\(failure)")
    let error = failure.error
    #expect(error.code == .invalidRequest && error.detail.contains("\"\(name)\""), "\(error)")
    #expect(!"\(error) \(error.cause ?? "")".contains("secret"), "\(error)")
  }

  /// libpq refuses a key that others can read (https://www.postgresql.org/docs/15/libpq-ssl.html).
  @Test func aPrivateKeyThatOthersCanReadIsRefused() async throws {
    let server = try await Self.protected.value
    let files = "sslcert=\(server.folder.path())/ca.pem&sslkey=\(server.folder.path())/ca.pem"
    let url = server.database.url(user: "evento:right", "sslmode=require", files)
    expect(try await failureToConnect(url), .tls, nil, "sslmode")
  }

  @Test func tooManyConnectionsAreCalledThat() async throws {
    let database = try await PostgreSQLServer.shared.database
    try await database.psql("CREATE ROLE limited LOGIN CONNECTION LIMIT 0")
    expect(try await failureToConnect(database.url(user: "limited")), .server, .tooManyConnections, "max_connections")
  }

  @Test func aReadOnlyServerIsPassedOver() async throws {
    let database = try await PostgreSQLServer.shared.database
    try await database.psql("CREATE ROLE reader LOGIN; ALTER ROLE reader SET default_transaction_read_only = on")
    expect(try await failureToConnect(database.url(user: "reader")), .notWritable, nil, "target_session_attrs")
    // Unless the URL accepts it.
    let error = try await withConnection(database.url(user: "reader", "target_session_attrs=any")) { connection in
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
    let server = try await PostgreSQLServer.shared
    let (down, silent) = (try Relay(), try Relay())
    down.refuse()
    silent.stall()
    let hosts = [down.port, silent.port, server.port].map { "127.0.0.1:\($0)" }.joined(separator: ",")
    let port = try await withConnection("postgresql://evento@\(hosts)/evento?connect_timeout=1") {
      try $0.run(.once("SELECT inet_server_port()")).integer(0, 0)
    }
    #expect(port == Int64(server.port))
    for relay in [down, silent] { relay.stop() }
  }

  /// A server that responds, and accepts no writes, may accept them at any moment.
  @Test func aServerThatHangsDoesNotHoldUpTheOthers() async throws {
    let server = try await PostgreSQLServer.shared
    try await server.psql("CREATE ROLE follower LOGIN; ALTER ROLE follower SET default_transaction_read_only = on")
    let relay = try Relay()
    relay.setTarget(server.port)
    relay.stall()
    let hosts = "127.0.0.1:\(relay.port),127.0.0.1:\(server.port)"
    let settings = try ConnectionSettings("postgresql://follower@\(hosts)/evento?connect_timeout=1")
    let (hung, other) = (settings.serversToTry[0], settings.serversToTry[1])
    let failed = try await onThread { try failure { _ = try Connection(settings) } }
    #expect(failed.reason == .notWritable)
    #expect(settings.serversToTry.map(\.index) == [other.index, hung.index])
    #expect(settings.timeToConnect(to: hung, anotherResponded: true) == .milliseconds(250))
    try relay.resume()
    try await server.psql("ALTER ROLE follower RESET ALL")
    settings.demote(other, hasHung: false)
    try await onThread { try Connection(settings).close() }
    #expect(settings.timeToConnect(to: hung, anotherResponded: true) == .seconds(1))
    relay.stop()
  }

  @Test func theDeadlineEndsASearch() async throws {
    let silent = try Relay()
    silent.stall()
    let failure = try await failureToConnect(
      "postgresql://postgres@127.0.0.1:\(silent.port)/x?connect_timeout=0", within: .milliseconds(50))
    expect(failure, .timedOut, nil, "too long")
    silent.stop()
  }

  @Test func anOlderServerIsRefused() async throws {
    let server = try await PostgreSQLServer.shared
    let version = try await server.psql("SHOW server_version").prefix { $0.isNumber }
    for (other, text) in [("13", "PostgreSQL 13,"), ("09", "PostgreSQL 9.")] {
      let relay = try Relay()
      relay.setTarget(server.port)
      relay.replace("server_version\0\(version)", by: "server_version\0\(other)")
      let failure = try await failureToConnect(server.database.url(port: relay.port))
      #expect(failure.error.detail.contains(text) && failure.error.detail.contains("version 14 or later"), "\(failure)")
      #expect(failure.error.code == .unavailable && !failure.error.isTransient)
      relay.stop()
    }
  }

  @Test func anotherEncodingIsRefused() async throws {
    let database = try await PostgreSQLServer.shared.database
    try await database.psql(
      "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'")
    let failure = try await failureToConnect("postgresql://evento@127.0.0.1:\(database.server.port)/latin")
    #expect(failure.error.detail.contains("encoding LATIN1") && !failure.error.isTransient)
  }
}
