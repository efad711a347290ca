/// An error of PostgreSQL, of libpq or of the connection between them.
struct PostgreSQLFailure: Error, CustomStringConvertible {
  enum Reason: Equatable {
    /// The server reported an error: see ``PostgreSQLFailure/sqlstate``.
    case server
    /// The server committed, but warned: it does that if it no longer waits for a standby.
    case warning
    /// The connection ended without an error of the server.
    case connectionLost
    /// The operation's own deadline has passed.
    case timedOut
    /// No server of the URL accepted a connection.
    case unreachable
    /// The servers that can be reached are standbys, or allow only reads.
    case notWritable
    /// TLS could not be negotiated, or the server's certificate is not trusted.
    case tls
    /// A server that can't hold a store. The text says why, and what to do.
    case unsupported(String)
    /// libpq or the server does not accept the value of this parameter of the URL.
    case refusedParameter(String)
    /// libpq rejected a call: a mistake in this module, or no memory.
    case rejectedCall
  }

  /// The certainty about the transaction in which the error occurred.
  enum Outcome {
    /// It was not committed, and never will be.
    case nothingWritten
    /// It may have been committed, or may still be.
    case unknown
  }

  let reason: Reason
  /// `nil` if the server has sent no error.
  let sqlstate: SQLState?
  /// The text of the server or of libpq.
  let message: String
  /// The violated constraint or unique index, if it is one.
  let constraint: String?
  /// The statement or other operation.
  let action: String
  let outcome: Outcome
  /// True if the connection can't be used anymore, and what was cached for it is in doubt.
  let isConnectionLost: Bool

  /// - Parameter mayHaveCommitted: False if no commit was sent, so that nothing is written, whatever the error.
  init(
    _ reason: Reason, sqlstate: SQLState? = nil, message: String, constraint: String? = nil, action: String,
    mayHaveCommitted: Bool, isConnectionLost: Bool
  ) {
    self.reason = reason
    self.sqlstate = sqlstate
    self.message = message
    self.constraint = constraint
    self.action = action
    self.isConnectionLost = isConnectionLost
    outcome = mayHaveCommitted && Self.canBeCommitted(reason, sqlstate, isConnectionLost) ? .unknown : .nothingWritten
  }

  /// Creates the failure of an error that the server sent.
  init(_ result: LibPQ.ResultHandle, _ libpq: LibPQ, action: String, mayHaveCommitted: Bool) {
    let sqlstate = libpq.text(LibPQ.ErrorField.sqlstate, of: result).map { SQLState(rawValue: $0) }
    var message =
      libpq.text(LibPQ.ErrorField.message, of: result) ?? "the connection ended without an error of the server"
    // The details of other violated rules show a row's whole content, which does not belong in a log.
    if sqlstate == .uniqueViolation || sqlstate.map({ !["22", "23"].contains($0.errorClass) }) == true,
      let detail = libpq.text(LibPQ.ErrorField.detail, of: result)
    {
      message += " (\(detail))"
    }
    // After FATAL the server closes the connection, after PANIC it restarts:
    // https://www.postgresql.org/docs/15/runtime-config-logging.html#RUNTIME-CONFIG-SEVERITY-LEVELS
    let severity = libpq.text(LibPQ.ErrorField.severity, of: result)
    self.init(
      // libpq makes an error without a code if the connection is lost.
      sqlstate == nil ? .connectionLost : .server, sqlstate: sqlstate, message: message,
      constraint: libpq.text(LibPQ.ErrorField.constraint, of: result), action: action,
      mayHaveCommitted: mayHaveCommitted,
      isConnectionLost: sqlstate == nil || severity == "FATAL" || severity == "PANIC")
  }

  /// Returns whether a commit that ended this way may have been made.
  ///
  /// An error undoes the transaction, unless it came after the commit: while the server waited for a standby, or shut
  /// down before it responded. An error that ends the connection may be such a one, except for those of an idle one.
  private static func canBeCommitted(_ reason: Reason, _ sqlstate: SQLState?, _ isConnectionLost: Bool) -> Bool {
    switch reason {
    case .warning, .connectionLost, .timedOut, .rejectedCall: true
    case .unreachable, .notWritable, .tls, .unsupported, .refusedParameter: false
    case .server:
      switch sqlstate {
      case .idleInTransactionTimeout: false
      case .adminShutdown, .crashShutdown, .statementCompletionUnknown: true
      default: isConnectionLost || sqlstate?.errorClass == "08"
      }
    }
  }

  /// True if the same transaction may succeed when it is tried again at once: it was undone because of another one.
  var isConflict: Bool {
    sqlstate == .serializationFailure || sqlstate == .deadlockDetected
  }

  var description: String {
    let code = sqlstate.map { "\($0) " } ?? ""
    return "PostgreSQL: \(code)\(message) [\(action)]"
  }
}
