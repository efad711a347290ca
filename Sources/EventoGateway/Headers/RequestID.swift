internal import Evento
internal import HTTPServer

/// The id of a request in its response and in the log.
enum RequestID {
  static let field = "X-Request-Id"

  /// Returns the request's own id if it is valid, and otherwise a new one.
  static func of(_ fields: Headers) -> String {
    guard case let given = fields.values(of: field), given.count == 1, given[0].isPlain(upTo: 128) else {
      return ULID().description
    }
    return given[0]
  }
}
