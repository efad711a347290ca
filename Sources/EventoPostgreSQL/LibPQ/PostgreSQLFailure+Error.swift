internal import Evento

extension PostgreSQLFailure {
  /// The error for a caller. The message and the statement go into the cause, which only a log shows.
  var error: EventoError {
    switch reason {
    case .server: serverError
    case .unsupported(let text): EventoError(.unavailable, text, cause: description, isTransient: false)
    // Without the message, which quotes the value.
    case .refusedParameter(let name): .invalidURL("The value of its parameter \"\(name)\" is not accepted.")
    case .rejectedCall: .unexpected(cause: description)
    case .warning:
      unavailable(
        "PostgreSQL committed the write without waiting for its standby. Retry: a write that is already stored is not "
          + "stored twice if its events have the same ids.")
    case .connectionLost: unavailable("The connection to PostgreSQL was lost. Retry shortly.")
    case .timedOut: unavailable("PostgreSQL took too long to respond. Retry shortly.")
    case .unreachable:
      unavailable(
        "PostgreSQL can't be reached. Check that it runs, and that the database URL has the right hosts and ports.")
    case .notWritable: Self.notWritable(description)
    case .tls:
      unavailable(
        "The TLS connection to PostgreSQL failed. Check \"sslmode\" and \"sslrootcert\" in the database URL, and the "
          + "server's certificate.")
    }
  }

  private func unavailable(_ detail: String) -> EventoError {
    EventoError(.unavailable, detail, cause: description)
  }

  private static func notWritable(_ cause: String) -> EventoError {
    EventoError(
      .unavailable,
      "PostgreSQL only allows reads: it is a standby, or read-only. List all servers in the database URL, with "
        + "\"target_session_attrs=read-write\".", cause: cause)
  }

  private var serverError: EventoError {
    switch sqlstate {
    case .invalidPassword:
      unavailable("PostgreSQL rejected the password. Check the user and password in the database URL.")
    case .invalidAuthorization:
      unavailable(
        "PostgreSQL rejected the user. Check the user and \"sslmode\" in the database URL, and the server's pg_hba.conf."
      )
    case .invalidCatalogName:
      unavailable(
        "The database does not exist in PostgreSQL. Create it, or correct its name in the database URL.")
    case .invalidSchemaName, .undefinedTable:
      unavailable(
        "The tables of the event store are missing in PostgreSQL. Restore them, or correct the name of the schema.")
    case .insufficientPrivilege:
      unavailable("The PostgreSQL role lacks a privilege that the event store requires. Grant it, then retry.")
    case .readOnlyTransaction: Self.notWritable(description)
    case .tooManyConnections:
      unavailable(
        "PostgreSQL accepts no more connections. Raise its \"max_connections\" or the role's limit, or open fewer.")
    case .diskFull: unavailable("The disk of PostgreSQL is full. Free some space, then retry.")
    case .lockNotAvailable:
      unavailable(
        "Another client has locked the store for too long, or its commit waits for a standby. Retry shortly.")
    case .queryCanceled: unavailable("PostgreSQL cancelled the statement. Retry shortly.")
    case .idleInTransactionTimeout:
      unavailable("PostgreSQL ended a transaction that was idle for too long. Retry shortly.")
    case .serializationFailure, .deadlockDetected:
      unavailable("Another transaction changed the same data at the same time. Retry.")
    case .adminShutdown, .crashShutdown, .cannotConnectNow:
      unavailable("PostgreSQL is shutting down or starting. Retry shortly.")
    case .invalidStatementName, .duplicateStatement:
      unavailable(
        "A connection pooler in transaction mode is between this program and PostgreSQL. Connect directly, or use its "
          + "session mode.")
    case .programLimitExceeded:
      EventoError(
        .contentTooLarge, "A payload is larger than the database can hold. Send less at once.", cause: description)
    default:
      switch sqlstate?.errorClass {
      case "08", "57": unavailable("The connection to PostgreSQL was lost. Retry shortly.")
      case "53": unavailable("PostgreSQL has no resources left. Retry shortly.")
      case "XX" where sqlstate?.rawValue != "XX000": .damaged(cause: description)
      default: .unexpected(cause: description)
      }
    }
  }
}
