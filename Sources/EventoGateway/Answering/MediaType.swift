internal import Evento
internal import HTTPServer

/// What a request's body may be.
enum MediaType {
  /// - Throws: `unsupported_media_type` where the body is declared to be anything but JSON as it is.
  static func check(_ headers: Headers) throws(EventoError) {
    if let coding = headers["content-encoding"] {
      throw EventoError(
        .unsupportedMediaType,
        "A body is taken as it is, and this one is declared to be encoded (\(quoted(coding))): "
          + "send it without Content-Encoding.")
    }
    // As most send it.
    if headers.hasOnly("content-type", "application/json") { return }
    let types = headers.values(of: "content-type")
    guard !types.isEmpty else { return }
    guard types.count == 1 else {
      throw EventoError(
        .unsupportedMediaType,
        "Content-Type stands there \(types.count) times: send it once, as application/json, or leave it out.")
    }
    guard !types[0].isEmpty else {
      throw EventoError(
        .unsupportedMediaType,
        "Content-Type is empty: send it as application/json, which a body is taken as, or leave it out.")
    }
    guard isJSON(types[0]) else {
      let hint =
        types[0].lowercased().hasPrefix("application/x-www-form-urlencoded")
        ? " (curl -d declares a form: curl --json is right)" : ""
      throw EventoError(
        .unsupportedMediaType,
        "A body is taken as application/json, and this one is declared as \(quoted(types[0]))\(hint).")
    }
  }

  /// `application/json`, whatever the case; a `charset`, which RFC 8259 §11 gives no meaning to, only where it is UTF-8.
  private static func isJSON(_ type: String) -> Bool {
    let parts = type.split(separator: ";", omittingEmptySubsequences: false).map { trimmed($0).lowercased() }
    guard parts.first == "application/json" else { return false }
    return parts.dropFirst().allSatisfy { parameter in
      !parameter.hasPrefix("charset=")
        || ["utf-8", "\"utf-8\"", "utf8"].contains(String(parameter.dropFirst("charset=".count)))
    }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }

  private static func quoted(_ value: String) -> String {
    "\"" + value.prefix(80) + "\""
  }
}
