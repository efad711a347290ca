internal import ByteCoding
internal import HTTPServer

/// A text that stays the same as long as the gateway runs. A cache may keep it, and must revalidate it (RFC 9111
/// §5.2.2.4): docs/http-api.md §12.4.
struct RevalidatedText: Sendable {
  private let whole: Response
  private let unchanged: Response
  /// The value of `ETag`, including the quotes.
  private let tag: [UInt8]

  /// - Parameter digest: The digest of everything in the text, so that different texts have different tags (RFC 9110
  ///   §8.8.3, a strong tag).
  init(_ type: String, _ text: [UInt8], digest: [UInt8]) {
    let tag = "\"\(Hex.encode(digest.prefix(16)))\""
    self.tag = Array(tag.utf8)
    let fields = [("Cache-Control", "no-cache"), ("ETag", tag)]
    whole = Response(status: 200, headers: Headers([("Content-Type", type)] + fields), body: .bytes(text))
    unchanged = Response(status: 304, headers: Headers(fields), body: .none)
  }

  func response(to request: Headers) -> Response {
    isKnown(request.values(of: "If-None-Match")) ? unchanged : whole
  }

  /// RFC 9110 §13.1.2: any of the tags, compared weakly, or `*`. The gateway's tags contain no comma.
  private func isKnown(_ values: [String]) -> Bool {
    values.contains { value in
      var value = value
      return value.withUTF8(isKnown)
    }
  }

  /// Reads each byte a bounded number of times: the list can fill a header section with thousands of tags, and is read
  /// on the event loop.
  private func isKnown(_ list: UnsafeBufferPointer<UInt8>) -> Bool {
    var start = 0
    while start < list.count {
      let end = list[start...].firstIndex(of: UInt8(ascii: ",")) ?? list.count
      if isOurs(UnsafeBufferPointer(rebasing: list[start..<end])) { return true }
      start = end + 1
    }
    return false
  }

  private func isOurs(_ member: UnsafeBufferPointer<UInt8>) -> Bool {
    var (start, end) = (0, member.count)
    while start < end, ASCII.isBlank(member[start]) { start += 1 }
    while end > start, ASCII.isBlank(member[end - 1]) { end -= 1 }
    if end - start == 1 { return member[start] == UInt8(ascii: "*") }
    if end - start == tag.count + 2, member[start] == UInt8(ascii: "W"), member[start + 1] == UInt8(ascii: "/") {
      start += 2
    }
    return member[start..<end].elementsEqual(tag)
  }
}
