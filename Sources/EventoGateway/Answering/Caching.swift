internal import ByteCoding
internal import HTTPServer

/// How long an answer may be kept: docs/http-api.md §12.4.
enum Caching {
  static let field = "Cache-Control"
}

/// A text that stays the same for as long as the gateway runs. A cache may keep it, and has to ask whether it still is the
/// one (RFC 9111 §5.2.2.4).
struct RevalidatedText: Sendable {
  private let whole: Response
  private let unchanged: Response
  private let tag: String

  /// - Parameter digest: of all that the text is made of, so that another text has another (RFC 9110 §8.8.3, a strong one).
  init(_ type: String, _ text: [UInt8], digest: [UInt8]) {
    tag = "\"\(Hex.encode(digest.prefix(16)))\""
    let fields = [(Caching.field, "no-cache"), ("ETag", tag)]
    whole = Response(status: 200, headers: Headers([("Content-Type", type)] + fields), body: .bytes(text))
    unchanged = Response(status: 304, headers: Headers(fields), body: .none)
  }

  func response(to request: Headers) -> Response {
    isKnown(request.values(of: "If-None-Match")) ? unchanged : whole
  }

  /// RFC 9110 §13.1.2: any of the tags, compared weakly, or `*`. No tag of ours has a comma in it.
  private func isKnown(_ values: [String]) -> Bool {
    values.flatMap { $0.split(separator: ",") }.contains { value in
      let value = value.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
      return value == "*" || value == tag || value == "W/" + tag
    }
  }
}
