internal import Evento
internal import EventoWire
internal import HTTPServer

extension Response {
  /// - Parameter body: JSON text and a newline, as every encoder of the wire format writes it: a shell's prompt then
  ///   begins on a new line.
  static func json(_ body: [UInt8], status: Int = 200, _ fields: [(String, String)] = []) -> Response {
    var headers = Headers()
    // Capacity for the fields of most responses: a location, a request id, a cache rule.
    headers.reserve(bytes: 192, fields: 4)
    headers.append("Content-Type", "application/json")
    for (name, value) in fields { headers.append(name, value) }
    return Response(status: status, headers: headers, body: .bytes(body))
  }

  static func noContent(_ fields: [(String, String)] = []) -> Response {
    Response(status: 204, headers: Headers(fields), body: .none)
  }

  static func text(_ type: String, _ body: [UInt8]) -> Response {
    Response(status: 200, headers: Headers([("Content-Type", type)]), body: .bytes(body))
  }

  /// Returns the response for an error, with the fields that its status requires.
  static func problem(_ error: EventoError, _ fields: [(String, String)] = []) -> Response {
    var fields = [("Content-Type", Problem.mediaType)] + fields
    switch error.code {
    // RFC 9110 §11.6.1: a 401 has at least one challenge.
    case .unauthorized: fields.append(("WWW-Authenticate", "Bearer"))
    // RFC 9110 §10.2.3, in seconds.
    case .unavailable: fields.append(("Retry-After", "1"))
    default: break
    }
    return Response(status: error.code.status, headers: Headers(fields), body: .bytes(Problem.json(error)))
  }
}
