import Evento
import Testing

@testable import EventoPostgreSQL

/// The URL of a database, and libpq itself.
@Suite struct SettingsTests {
  @Test func aMissingLibraryIsNamedWithItsPackage() throws {
    let error = try #require(throws: EventoError.self) { try LibPQ(names: ["libpq-missing.so.5"]) }
    #expect(error.code == .unavailable && error.detail.contains("libpq5"))
  }

  /// As a library without pipelines, any other one does.
  @Test func anOldLibraryIsNamedWithItsPackage() throws {
    let error = try #require(throws: EventoError.self) { try LibPQ(names: ["libc.so.6", "libSystem.dylib"]) }
    #expect(error.detail.contains("older than version 14") && error.detail.contains("libpq5"))
  }

  @Test func theDescriptionHasNoPassword() throws {
    let settings = try ConnectionSettings(
      "postgres://ada:secret%40@a.example:5433,[::1]:5434/bank?sslpassword=secret&application_name=x")
    #expect(settings.description == "postgres://ada@a.example:5433,[::1]:5434/bank")
    var dumped = ""
    dump(settings, to: &dumped)
    for text in [dumped, "\(settings)", String(reflecting: settings)] { #expect(!text.contains("secret")) }
    #expect(settings.parameters["password"] == "secret@")
    #expect(try ConnectionSettings("postgresql:///bank?password=secret").description == "postgresql:///bank")
    // libpq takes this one for a password too.
    #expect(try ConnectionSettings("postgresql://ada:sec?ret@a/b").description == "postgresql://ada@a/b")
    #expect(try ConnectionSettings("postgresql://").description == "postgresql://")
  }

  @Test func defaultsAreOverriddenByTheURL() throws {
    let settings = try ConnectionSettings(
      "postgresql://a/b?target_session_attrs=any&connect_timeout=0&keepalives_idle=7")
    #expect(settings.parameters["target_session_attrs"] == "any")
    #expect(settings.timeToConnect(to: settings.serversToTry[0], anotherResponded: true) == nil)
    #expect(settings.parameters["keepalives_idle"] == "7")
    #expect(settings.parameters["tcp_user_timeout"] == "5000")
    let standard = try ConnectionSettings("postgresql://a/b")
    #expect(standard.timeToConnect(to: standard.serversToTry[0], anotherResponded: false) == .seconds(2))
  }

  @Test func serversAreSeparated() throws {
    let settings = try ConnectionSettings("postgresql://a,b:2,c/d")
    #expect(settings.serversToTry.map { $0.parameters["host"] } == ["a", "b", "c"])
    #expect(settings.serversToTry.map { $0.parameters["port"] } == ["", "2", ""])
    let samePort = try ConnectionSettings("postgresql://a,b/d?port=7")
    #expect(samePort.serversToTry.map { $0.parameters["port"] } == ["7", "7"])
    // A server that has ended a connection is tried last.
    settings.demote(settings.serversToTry[0], hasHung: false)
    #expect(settings.serversToTry.map { $0.parameters["host"] } == ["b", "c", "a"])
  }

  /// While a cluster elects its leader, the search must not wait for the former one.
  @Test func aServerThatHangsHasLessTimeWhileAnotherOneResponds() throws {
    let settings = try ConnectionSettings("postgresql://a,b/d")
    let (a, b) = (settings.serversToTry[0], settings.serversToTry[1])
    settings.demote(a, hasHung: true)
    settings.demote(b, hasHung: false)
    #expect(settings.timeToConnect(to: a, anotherResponded: true) == .milliseconds(500))
    #expect(settings.timeToConnect(to: a, anotherResponded: false) == .seconds(2))
    #expect(settings.timeToConnect(to: b, anotherResponded: true) == .seconds(2))
    settings.accepted(by: a)
    #expect(settings.timeToConnect(to: a, anotherResponded: true) == .seconds(2))
  }

  /// Passwords with characters that end a part of a URL.
  @Test(arguments: [
    "", "secret", "host=a password=secret", "mysql://ada:secret@a/b", "POSTGRESQL://ada:secret@a/b",
    "postgresql://ada:sec@ret@a/b", "postgresql://ada:sec/ret@a/b", "postgresql://ada:1/secret@a/b",
    "postgresql://ada:%zzsecret@a/b",
    "postgresql://ada:secret%00@a/b", "postgresql://a:secret/b", "postgresql://a:0/b?password=secret",
    "postgresql://a:65536/b?password=secret", "postgresql://a/b?secret=1", "postgresql://[secret/b",
    "postgresql://a,b,c:1,2/b?port=1,2&password=secret", "postgresql://ada:secret\0@a/b",
    "postgresql://h?password=secret@a", "postgresql://a/b?connect_timeout=secret",
  ])
  func aMalformedURLIsRefusedWithoutQuotingIt(_ url: String) throws {
    let error = try #require(throws: EventoError.self) { try ConnectionSettings(url) }
    #expect(error.code == .invalidRequest)
    #expect(!"\(error) \(error.cause ?? "")".contains("sec"), "\(error)")
  }
}
