internal import Evento
internal import EventoWire
internal import HTTPServer

/// The media types that a request's body can have.
enum MediaType {
  /// Checks the media type of a body.
  ///
  /// - Throws: `unsupported_media_type` if the body is declared to be anything but plain JSON.
  static func check(_ headers: Headers) throws(EventoError) {
    if let coding = headers["content-encoding"] {
      throw EventoError(
        .unsupportedMediaType,
        "Content-Encoding \(quoted(coding)) is not supported. Send the body unencoded, without Content-Encoding.")
    }
    // The usual value.
    if headers.hasOnly("content-type", "application/json") { return }
    let types = headers.values(of: "content-type")
    guard !types.isEmpty else { return }
    guard types.count == 1 else {
      throw EventoError(
        .unsupportedMediaType,
        "Content-Type was sent \(types.count) times. Send it once, as application/json, or leave it out.")
    }
    guard !types[0].isEmpty else {
      throw EventoError(
        .unsupportedMediaType, "Content-Type is empty. Send application/json, or leave the field out.")
    }
    if let reason = reasonToRefuse(types[0]) {
      throw EventoError(.unsupportedMediaType, "Content-Type \(quoted(types[0])) is not supported: \(reason)")
    }
  }

  private static let jsonType = Array("application/json".utf8)
  private static let formType = Array("application/x-www-form-urlencoded".utf8)
  /// The maximum number of parameters that are read. Only `charset` has a meaning.
  private static let maximumParameters = 16
  private static let charset = Array("charset=".utf8)
  private static let charsets = ["utf-8", "\"utf-8\"", "utf8"].map { Array($0.utf8) }

  /// Returns the reason why a type is refused; `nil` for `application/json` in any case. A `charset`, which has no meaning by
  /// RFC 8259 §11, must be UTF-8.
  private static func reasonToRefuse(_ type: String) -> String? {
    let sendJSON = "send application/json, or leave it out."
    guard type.count(of: UInt8(ascii: ";")) <= maximumParameters else {
      return "it has more than \(maximumParameters) parameters; \(sendJSON)"
    }
    let parts = Array(type.utf8).split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
    let name = parts[0].trimmed
    guard name.isEqual(ignoringCase: jsonType) else {
      return name.isEqual(ignoringCase: formType)
        ? "it declares a form, as curl -d does. Use curl --json, or send application/json." : sendJSON
    }
    let isUTF8 = parts.dropFirst().allSatisfy { part in
      let parameter = part.trimmed
      guard parameter.prefix(charset.count).isEqual(ignoringCase: charset) else { return true }
      return charsets.contains { parameter.dropFirst(charset.count).isEqual(ignoringCase: $0) }
    }
    return isUTF8 ? nil : "the charset must be UTF-8, as JSON is always (RFC 8259 §8.1)."
  }

  private static func quoted(_ value: String) -> String {
    "\"\(value.clipped(to: 80))\""
  }
}
