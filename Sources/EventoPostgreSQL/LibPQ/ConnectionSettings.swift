internal import Evento
internal import Synchronization

/// The settings of connections to a store: a PostgreSQL URL, parsed by libpq
/// (https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING), with defaults that make a broken connection
/// noticed within seconds.
struct ConnectionSettings: Sendable, CustomStringConvertible, CustomReflectable {
  let libpq: LibPQ
  /// The servers, in the order of the URL.
  private let servers: [Server]
  private let order: ServerOrder
  private let connectTimeout: Duration?
  /// All other parameters, among them the password.
  let parameters: [String: String]
  /// The schema of the store; `nil` for the first one of the server's or the URL's `search_path`.
  let schema: String?
  /// The time for an operation unless it has one of its own.
  var timeout: Duration
  /// The URL without passwords and parameters.
  let description: String

  /// The servers, in the order in which to try them.
  var serversToTry: [Server] { order.indices.map { servers[$0] } }

  /// Lets a server be tried last from now on, by all connections with these settings: it has hung or ended a connection,
  /// and another one may take over.
  func demote(_ server: Server, hasHung: Bool) {
    order.moveToEnd(server.index, hasHung: hasHung)
  }

  /// Records that a server has accepted a connection, so that it does not hang any more.
  func accepted(by server: Server) {
    order.setResponsive(server.index)
  }

  /// The maximum time for a connection to one server; `nil` for no limit. libpq only applies its own in its blocking
  /// functions.
  ///
  /// - Parameter anotherResponded: True if another server has just responded that it does not accept writes. It may take
  ///   over at any moment from a server that hangs, so that one then has a quarter of the time.
  func timeToConnect(to server: Server, anotherResponded: Bool) -> Duration? {
    connectTimeout.map { anotherResponded && order.hasHung(server.index) ? $0 / 4 : $0 }
  }

  /// The parameters that name one server.
  struct Server: Sendable {
    let index: Int
    let parameters: [String: String]
  }

  /// Parses a URL.
  ///
  /// - Parameters:
  ///   - url: A URL that begins with `postgresql://` or `postgres://`.
  ///   - schema: Overrides a `search_path` of the URL.
  /// - Throws: `invalid_request` if it is not such a URL, without quoting it; `unavailable` if libpq is missing.
  init(_ url: String, schema: String? = nil, timeout: Duration = .seconds(10)) throws(EventoError) {
    libpq = try LibPQ.load()
    guard let url = PostgreSQLURL(url) else { throw .invalidURL("It must begin with \"postgresql://\".") }
    try url.check()
    var parameters = try Self.parse(url, libpq)
    servers = try Self.servers(of: parameters)
    order = ServerOrder(count: servers.count)
    description = url.description
    for keyword in ["host", "hostaddr", "port"] { parameters[keyword] = nil }
    parameters.merge(Self.defaults) { given, _ in given }
    guard let seconds = parameters["connect_timeout"].flatMap({ Int($0) }) else {
      throw .invalidURL("\"connect_timeout\" must be a whole number.")
    }
    connectTimeout = seconds > 0 ? .seconds(seconds) : nil
    // Texts are sent and received as UTF-8.
    parameters["client_encoding"] = "UTF8"
    self.parameters = parameters
    self.schema = schema
    self.timeout = timeout
  }

  /// With these, a connection that a cut cable or a dead host has ended is noticed within 6 s. `tcp_user_timeout` is for
  /// the side that sends: https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-KEEPALIVES
  private static let defaults = [
    "target_session_attrs": "read-write",
    "connect_timeout": "2",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "5000",
    "fallback_application_name": "evento-gateway",
  ]

  /// No password gets into a log this way.
  var customMirror: Mirror { Mirror(self, children: ["description": description]) }

  // MARK: Parsing

  private static func parse(_ url: PostgreSQLURL, _ libpq: LibPQ) throws(EventoError) -> [String: String] {
    // Its error text is not used, since it quotes the URL.
    var errorText: UnsafeMutablePointer<CChar>?
    let options = libpq.conninfoParse(url.text, &errorText)
    defer {
      libpq.freemem(errorText)
      libpq.conninfoFree(options)
    }
    guard let options else {
      throw .invalidURL("Check its parameters, and percent-encode the special characters in its user and password.")
    }
    var parameters: [String: String] = [:]
    // The array ends with an option without a keyword.
    var option = options.assumingMemoryBound(to: ConninfoOption.self)
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.value { parameters[String(cString: keyword)] = String(cString: value) }
      option += 1
    }
    return parameters
  }

  /// `PQconninfoOption`: Swift lays out these fields like C.
  private struct ConninfoOption {
    let keyword: UnsafeMutablePointer<CChar>?
    let environmentVariable: UnsafeMutablePointer<CChar>?
    let compiledDefault: UnsafeMutablePointer<CChar>?
    let value: UnsafeMutablePointer<CChar>?
    let label: UnsafeMutablePointer<CChar>?
    let display: UnsafeMutablePointer<CChar>?
    let displaySize: Int32
  }

  /// Returns the servers of a URL. libpq would try them too, but without a time limit for each: see
  /// ``timeToConnect(to:anotherResponded:)``.
  private static func servers(of parameters: [String: String]) throws(EventoError) -> [Server] {
    func list(_ keyword: String) -> [String] {
      guard let text = parameters[keyword], !text.isEmpty else { return [] }
      return text.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
    }
    let (hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"))
    guard ports.allSatisfy({ $0.isEmpty || UInt16($0) ?? 0 > 0 }) else {
      throw .invalidURL(
        "A port is not a number from 1 to 65535. Percent-encode the special characters in its user and password.")
    }
    let count = max(hosts.count, addresses.count, 1)
    guard [0, count].contains(hosts.count), [0, count].contains(addresses.count), [0, 1, count].contains(ports.count)
    else { throw .invalidURL("Its numbers of hosts and ports differ.") }
    return (0..<count).map { index in
      var server: [String: String] = [:]
      if !hosts.isEmpty { server["host"] = hosts[index] }
      if !addresses.isEmpty { server["hostaddr"] = addresses[index] }
      if !ports.isEmpty { server["port"] = ports[ports.count == 1 ? 0 : index] }
      return Server(index: index, parameters: server)
    }
  }
}

/// The order in which servers are tried, and those that have hung since they last accepted a connection.
private final class ServerOrder: Sendable {
  private struct State {
    var indices: [Int]
    var hung: Set<Int> = []
  }

  private let state: Mutex<State>

  init(count: Int) {
    state = Mutex(State(indices: Array(0..<count)))
  }

  var indices: [Int] { state.withLock { $0.indices } }

  func hasHung(_ index: Int) -> Bool { state.withLock { $0.hung.contains(index) } }

  func moveToEnd(_ index: Int, hasHung: Bool) {
    state.withLock { state in
      state.indices.removeAll { $0 == index }
      state.indices.append(index)
      if hasHung { state.hung.insert(index) }
    }
  }

  func setResponsive(_ index: Int) {
    state.withLock { state in _ = state.hung.remove(index) }
  }
}
