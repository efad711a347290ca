#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Connection {
  /// Connects to the first server that accepts it.
  ///
  /// Each server gets the settings' `connect_timeout`, or less, so that one that hangs does not use up the whole time. As
  /// in libpq, a server that rejects the user or the database ends the search.
  func open(_ settings: ConnectionSettings, deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) {
    var failures: [PostgreSQLFailure] = []
    for server in settings.serversToTry {
      let limit = settings.timeToConnect(
        to: server, anotherResponded: failures.contains { $0.reason == .notWritable }
      ).map { min(.now + $0, deadline) }
      guard let failure = attempt(server, settings, within: limit ?? deadline, deadline: deadline) else {
        settings.accepted(by: server)
        whenLost = { settings.demote(server, hasHung: $0) }
        return
      }
      close()
      if failure.reason == .timedOut { settings.demote(server, hasHung: true) }
      failures.append(failure)
      if failure.endsSearch || ContinuousClock.now >= deadline { break }
    }
    throw PostgreSQLFailure(ofServers: failures, action: "connect to \(name)")
  }

  private func attempt(
    _ server: ConnectionSettings.Server, _ settings: ConnectionSettings, within limit: ContinuousClock.Instant,
    deadline: ContinuousClock.Instant
  ) -> PostgreSQLFailure? {
    do throws(PostgreSQLFailure) {
      try connect(settings.parameters.merging(server.parameters) { $1 }, deadline: limit)
      try startSession(settings, deadline: deadline)
      return nil
    } catch {
      return error
    }
  }

  /// Connects to one server: https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PQCONNECTSTARTPARAMS
  private func connect(
    _ parameters: [String: String], deadline: ContinuousClock.Instant
  ) throws(PostgreSQLFailure) {
    let action = "connect to \(name)"
    guard let handle = parameters.withCStrings({ libpq.connectStartParams($0, $1, 0) }) else {
      throw PostgreSQLFailure(
        .rejectedCall, message: "no memory for a connection", action: action, mayHaveCommitted: false,
        isConnectionLost: true)
    }
    adopt(handle)
    // With its code in the text, which is the only way to get it here.
    _ = libpq.setErrorVerbosity(handle, LibPQ.Verbosity.verbose)
    var state = libpq.status(handle) == LibPQ.ConnectionStatus.bad ? LibPQ.Polling.failed : LibPQ.Polling.writing
    while state != LibPQ.Polling.ok {
      guard state != LibPQ.Polling.failed else {
        throw PostgreSQLFailure(connecting: libpq.lastError(of: handle), action: action)
      }
      // The socket may be another one after each step.
      let events = state == LibPQ.Polling.reading ? POLLIN : POLLOUT
      guard wait(handle, for: Int16(events), until: deadline) == .ready else {
        throw timedOut(action: action, mayHaveCommitted: false)
      }
      state = libpq.connectPoll(handle)
    }
    guard libpq.setNonblocking(handle, 1) == 0 else { throw lost(action: action, mayHaveCommitted: false) }
  }

  /// Checks the server, and sets what the store's statements rely on.
  private func startSession(
    _ settings: ConnectionSettings, deadline: ContinuousClock.Instant
  ) throws(PostgreSQLFailure) {
    guard let handle else { throw closed(action: "start a session") }
    let version = libpq.serverVersion(handle)
    guard version >= 140_000 else {
      let text = version >= 100_000 ? "\(version / 10_000)" : "\(version / 10_000).\(version / 100 % 100)"
      throw unsupported("The server is PostgreSQL \(text), but the event store requires version 14 or later.")
    }
    let session = try run(
      Self.sessionStatement, [.text(settings.schema ?? ""), .text(access == .reading ? "on" : "")],
      within: deadline - .now)
    server = Self.serverName(libpq.host(handle), libpq.port(handle))
    backend = Backend(pid: Int32(clamping: session.integer(0, 1)), start: session.integer(0, 2))
    let encoding = session.text(0, 0)
    guard encoding == "UTF8" else {
      throw unsupported(
        "The database has the encoding \(encoding), but an event store requires UTF8. Create another database with "
          + "ENCODING 'UTF8' and TEMPLATE template0.")
    }
  }

  private static func serverName(_ host: LibPQ.Text?, _ port: LibPQ.Text?) -> String {
    let host = host.map { String(cString: $0) } ?? ""
    let port = port.map { String(cString: $0) } ?? ""
    return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  private func unsupported(_ text: String) -> PostgreSQLFailure {
    PostgreSQLFailure(
      .unsupported(text), message: "a server without support", action: "connect to \(name)", mayHaveCommitted: false,
      isConnectionLost: true)
  }

  /// - `jit`: a short statement takes less time than its compilation.
  /// - `plan_cache_mode`: a statement is planned once for each connection.
  /// - `enable_…`: each statement has an index with its order, and looks rows up one by one. The planner must not take
  ///   another way because a table was small when it last looked: the table grows. Where there is no other way, it still
  ///   sorts or reads all of a table (https://www.postgresql.org/docs/15/runtime-config-query.html).
  /// - `lock_timeout`, `idle_in_transaction_session_timeout`: a gateway that hangs with the lock of the log does not stop
  ///   the others.
  /// - `tcp_…`: nor does one whose host has died, or whose cable is cut, in the middle of its statements. Until they end,
  ///   the server does not take their transaction for idle. They are the settings of this end of the connection.
  /// - `default_transaction_isolation`: see ``Statement/begin``.
  /// - `default_toast_compression`: lz4 takes a fraction of pglz's time. Each value carries the name of its method. A
  ///   choice of the operator is kept, and so is pglz on a server that was built without lz4.
  private static let sessionStatement = Statement.once(
    """
    SELECT current_setting('server_encoding'), pg_backend_pid(),
      (SELECT \(Backend.start(of: "own")) FROM pg_stat_activity AS own WHERE pid = pg_backend_pid()),
      set_config('jit', 'off', false), set_config('plan_cache_mode', 'force_generic_plan', false), set_config('enable_seqscan', 'off', false),
      set_config('enable_bitmapscan', 'off', false), set_config('enable_sort', 'off', false),
      set_config('enable_incremental_sort', 'off', false), set_config('enable_hashjoin', 'off', false),
      set_config('enable_mergejoin', 'off', false), set_config('lock_timeout', '2s', false),
      set_config('idle_in_transaction_session_timeout', '5s', false),
      set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false),
      set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '5000', false),
      set_config('default_transaction_isolation', 'read committed', false),
      CASE WHEN $1 <> '' THEN set_config('search_path', quote_ident($1), false) END,
      CASE WHEN $2 <> '' THEN set_config('default_transaction_read_only', $2, false) END,
      (SELECT set_config(name, 'lz4', false) FROM pg_settings
       WHERE name = 'default_toast_compression' AND source = 'default' AND 'lz4' = ANY (enumvals))
    """, .text, .text)
}

extension PostgreSQLFailure {
  /// Creates the failure of a connection that was not made, from libpq's text: the server's error has its code in it,
  /// and libpq has no codes of its own.
  fileprivate init(connecting message: String, action: String) {
    let sqlstate = SQLState(inVerbose: message)
    let reason: Reason =
      if let parameter = Self.refusedParameter(sqlstate, message) {
        .refusedParameter(parameter)
      } else if sqlstate != nil {
        .server
      } else if ["session is read-only", "session is not read-only", "hot standby"].contains(where: message.contains) {
        .notWritable
      } else if message.contains("no password supplied") {
        .server
      } else if ["SSL", "certificate", "private key", "GSSAPI"].contains(where: message.contains) {
        .tls
      } else {
        .unreachable
      }
    self.init(
      reason, sqlstate: sqlstate ?? (reason == .server ? .invalidPassword : nil), message: message, action: action,
      mayHaveCommitted: false, isConnectionLost: true)
  }

  /// Returns the parameter of the URL whose value libpq or the server does not accept, if that is the error. The server
  /// only gets those in `options`.
  private static func refusedParameter(_ sqlstate: SQLState?, _ message: String) -> String? {
    if [.syntaxError, .undefinedParameter, .invalidParameterValue].contains(sqlstate) { return "options" }
    // The last one is PgBouncer's.
    let forms = [
      /invalid integer value .* for connection option "(\w+)"/, /invalid (\w+) value/, /(\w+) value "\w+" invalid/,
      /unsupported startup parameter: (\w+)/,
    ]
    let match = forms.lazy.compactMap { message.firstMatch(of: $0) }.first
    return match.map { String($0.output.1) }
  }

  /// Creates the failure of all servers: the one that says most, with the texts of all.
  fileprivate init(ofServers failures: [PostgreSQLFailure], action: String) {
    let best = failures.max { $0.significance < $1.significance }
    self.init(
      best?.reason ?? .unreachable, sqlstate: best?.sqlstate,
      message: failures.map { $0.message }.joined(separator: "; "), action: action, mayHaveCommitted: false,
      isConnectionLost: true)
  }

  /// True if another server would hardly end otherwise.
  fileprivate var endsSearch: Bool {
    switch reason {
    case .refusedParameter: true
    case .server:
      ![.cannotConnectNow, .adminShutdown, .crashShutdown, .tooManyConnections].contains(sqlstate)
    default: false
    }
  }

  private var significance: Int {
    switch reason {
    case .unsupported, .refusedParameter: 4
    case .server: sqlstate == .cannotConnectNow ? 1 : 4
    case .tls: 3
    case .notWritable: 2
    case .timedOut, .connectionLost, .warning, .rejectedCall: 1
    case .unreachable: 0
    }
  }
}

extension SQLState {
  /// Finds the code in a text such as "FATAL:  28P01: password authentication failed"; `nil` if it has none.
  fileprivate init?(inVerbose text: String) {
    for part in text.split(separator: ":  ").dropFirst() {
      let code = part.prefix { $0 != ":" }
      if code.utf8.count == 5, code.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }) {
        self.init(rawValue: String(code))
        return
      }
    }
    return nil
  }
}

extension [String: String] {
  /// Calls `body` with the keys and the values as two arrays of C strings, each with a null pointer at its end.
  fileprivate func withCStrings<T>(_ body: (LibPQ.Texts, LibPQ.Texts) -> T) -> T {
    let copies = (keys.map { strdup($0) }, values.map { strdup($0) })
    defer {
      for copy in copies.0 { free(copy) }
      for copy in copies.1 { free(copy) }
    }
    let keys = copies.0.map { UnsafePointer($0) } + [nil]
    let values = copies.1.map { UnsafePointer($0) } + [nil]
    return keys.withUnsafeBufferPointer { keys in
      values.withUnsafeBufferPointer { values in
        // Neither is empty.
        body(keys.baseAddress.unsafelyUnwrapped, values.baseAddress.unsafelyUnwrapped)
      }
    }
  }
}
