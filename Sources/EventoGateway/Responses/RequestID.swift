internal import Evento
internal import HTTPServer

/// The id of a request in its response and in the log.
enum RequestID {
  static let field = "X-Request-Id"

  /// Returns the request's own id if it is valid, and otherwise a new one.
  static func of(_ fields: Headers) -> String {
    guard case let given = fields.values(of: field), given.count == 1, isSane(given[0]) else {
      return ULID().description
    }
    return given[0]
  }

  private static func isSane(_ text: String) -> Bool {
    1...128 ~= text.utf8.count
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }
}
