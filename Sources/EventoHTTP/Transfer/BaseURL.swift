internal import CCurl

/// The URL of a gateway: `http` or `https`, host, port, and the path above its resources.
struct BaseURL: Sendable {
  /// Without a trailing slash.
  let text: String

  /// The reason why a text is not a base URL.
  struct ParseError: Error {
    let detail: String
  }

  /// - Throws: The reason, if the URL is invalid.
  init(_ text: String) throws(ParseError) {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
      throw ParseError(detail: "it contains blanks or control characters")
    }
    guard let url = curl_url() else { throw ParseError(detail: "out of memory") }
    defer { curl_url_cleanup(url) }
    let flags = UInt32(CURLU_PATH_AS_IS | CURLU_DISALLOW_USER)
    let code = curl_url_set(url, CURLUPART_URL, text, flags)
    guard code != CURLUE_USER_NOT_ALLOWED else {
      throw ParseError(detail: "it contains a user name. Use a token instead")
    }
    guard code == CURLUE_OK, let scheme = Self.part(CURLUPART_SCHEME, of: url), scheme == "http" || scheme == "https",
      Self.part(CURLUPART_HOST, of: url) != nil,
      // libcurl accepts one slash or three: https://curl.se/docs/url-syntax.html
      text.dropFirst(scheme.utf8.count).hasPrefix("://"), !text.dropFirst(scheme.utf8.count + 3).hasPrefix("/")
    else { throw ParseError(detail: "it must be like http://host:port or https://host/path") }
    guard Self.part(CURLUPART_QUERY, of: url) == nil, Self.part(CURLUPART_FRAGMENT, of: url) == nil,
      !text.utf8.contains(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") })
    else { throw ParseError(detail: "it contains a query or a fragment") }
    guard let path = Self.part(CURLUPART_PATH, of: url), path.utf8.allSatisfy({ $0 < 0x80 }) else {
      throw ParseError(detail: "its path must be percent-encoded")
    }
    guard var whole = Self.part(CURLUPART_URL, of: url) else { throw ParseError(detail: "libcurl does not accept it") }
    while whole.utf8.last == UInt8(ascii: "/") { whole.removeLast() }
    self.text = whole
  }

  private static func part(_ part: CURLUPart, of url: OpaquePointer) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(url, part, &text, 0) == CURLUE_OK, let text else { return nil }
    defer { curl_free(text) }
    return String(cString: text)
  }
}
