import Evento
import EventoHTTP
import Testing

@Suite struct ConfigurationTests {
  @Test(arguments: [
    "", " ", "localhost:8080", "/path", "http://", "http:///path", "ftp://host", "file:///etc/passwd", "gopher://host",
    "http://user:pass@host", "http://user@host", "http://host?q=1", "http://host/?", "http://host#f", "http://host/a b",
    "http://host\r\nX: 1", "http://host\0", "http://host:99999", "http://host:x", "http://[::1", "http://host/é",
  ]) func aBaseURLThatIsNoneIsRefused(_ url: String) {
    #expect { try HTTPExecutor(baseURL: url) } throws: { ($0 as? EventoError)?.code == .invalidRequest }
  }

  @Test(arguments: [
    "http://host", "https://host/", "http://host:1/a/b/", "http://127.0.0.1:8080", "http://[::1]:80", "HTTP://Host",
    "http://host/%C3%A9", "http://host/a/../b",
  ]) func aBaseURLThatIsOneIsTaken(_ url: String) throws {
    _ = try HTTPExecutor(baseURL: url)
  }

  static let changes: [@Sendable (inout HTTPConfiguration) -> Void] = [
    { $0.connections = 0 }, { $0.connections = -1 }, { $0.connections = .max }, { $0.connectDeadline = .zero },
    { $0.callDeadline = .seconds(-1) }, { $0.responseBytes = 0 }, { $0.retry.attempts = 0 }, { $0.userAgent = "" },
    { $0.userAgent = "a\r\nb" }, { $0.token = "" }, { $0.token = "a b" }, { $0.token = "a\r\nX-Evil: 1" },
    { $0.token = "a\0b" }, { $0.token = "é" }, { $0.unixSocketPath = "" }, { $0.tls.caFile = "a\0b" },
    { $0.unixSocketPath = String(repeating: "p", count: 104) }, { $0.unixSocketPath = "/tmp/a\0b" },
    { $0.proxy = .url("") }, { $0.proxy = .url("http://proxy\n") }, { $0.tls.keyFile = "" },
    { $0.tls.certificateFile = "\n" },
  ]

  @Test(arguments: changes.indices) func aValueThatIsOutOfRangeIsRefused(_ index: Int) {
    var configuration = HTTPConfiguration()
    Self.changes[index](&configuration)
    #expect { try HTTPExecutor(baseURL: "http://localhost", configuration: configuration) } throws: {
      ($0 as? EventoError)?.code == .invalidRequest
    }
  }

  @Test func aConfigurationThatIsPrintedDoesNotShowItsToken() {
    var configuration = HTTPConfiguration()
    configuration.token = "very-secret"
    var dumped = ""
    dump(configuration, to: &dumped)
    for text in ["\(configuration)", String(reflecting: configuration), dumped] {
      #expect(text.contains("userAgent") && !text.contains("very-secret"))
    }
  }

  @Test func longDeadlinesAndManyConnectionsAreTaken() async throws {
    let configuration = testConfiguration { configuration in
      configuration.callDeadline = .seconds(Int64.max / 2)
      configuration.connectDeadline = .seconds(Int64.max / 2)
      configuration.connections = HTTPConfiguration.maximumConnections
      configuration.responseBytes = .max
    }
    let server = try ScriptedServer { _ in httpResponse("200 OK", "application/json", [], noSubscribers) }
    try await withServer(server, configuration) { executor in
      let subscribers = try await executor.subscribers()
      #expect(subscribers.isEmpty)
    }
  }
}
