internal import Evento
internal import EventoWire
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
        Array(types[0].utf8).prefix(formType.count).isEqual(ignoringCase: formType)
        ? " (curl -d declares a form: curl --json is right)"
        : types[0].count(of: UInt8(ascii: ";")) > maximumParameters
          ? " (with more than \(maximumParameters) parameters)" : ""
      throw EventoError(
        .unsupportedMediaType,
        "A body is taken as application/json, and this one is declared as \(quoted(types[0]))\(hint).")
    }
  }

  private static let jsonType = Array("application/json".utf8)
  private static let formType = Array("application/x-www-form-urlencoded".utf8)
  /// The most parameters that are looked at. `charset` is the only one that means something.
  private static let maximumParameters = 16
  private static let charset = Array("charset=".utf8)
  private static let charsets = ["utf-8", "\"utf-8\"", "utf8"].map { Array($0.utf8) }

  /// `application/json`, whatever the case; a `charset`, which RFC 8259 §11 gives no meaning to, only if it is UTF-8.
  private static func isJSON(_ type: String) -> Bool {
    guard type.count(of: UInt8(ascii: ";")) <= maximumParameters else { return false }
    let parts = Array(type.utf8).split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
    guard parts[0].trimmed.isEqual(ignoringCase: jsonType) else { return false }
    return parts.dropFirst().allSatisfy { part in
      let parameter = part.trimmed
      guard parameter.prefix(charset.count).isEqual(ignoringCase: charset) else { return true }
      return charsets.contains { parameter.dropFirst(charset.count).isEqual(ignoringCase: $0) }
    }
  }

  private static func quoted(_ value: String) -> String {
    "\"\(value.clipped(to: 80))\""
  }
}
