internal import EventoPostgreSQL

/// The database that a command uses.
enum DatabaseLocation: Sendable, CustomStringConvertible {
  /// A SQLite file, or `:memory:`.
  case file(String)
  /// A PostgreSQL database.
  ///
  /// - schema: The schema of the tables; `nil` for the first one of the user's search path.
  case server(PostgreSQLURL, schema: String?)

  /// The database for people, without passwords.
  var description: String {
    switch self {
    case .file(let path): path
    case .server(let url, _): url.description
    }
  }
}
