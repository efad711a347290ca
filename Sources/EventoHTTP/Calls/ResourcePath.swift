internal import ByteCoding

/// The path of a resource, below the base URL, with its query.
struct ResourcePath: ExpressibleByStringLiteral {
  /// Percent-encoded.
  private(set) var text: String

  /// - Parameter text: a path that needs no encoding.
  init(stringLiteral text: StaticString) {
    self.text = text.description
  }

  /// The path, with one segment more.
  ///
  /// All but the unreserved characters of RFC 3986 §2.3 are percent-encoded, slashes too. So are the dots of a segment
  /// that is `.` or `..`, which would otherwise stand for a place in the path (§3.3). Somebody on the way who takes the
  /// two for the same (§6.2.2.3) can still change it; nothing that this end does could prevent that.
  func appending(_ segment: String) -> ResourcePath {
    var copy = self
    copy.text += "/"
    guard segment != ".", segment != ".." else {
      copy.text += segment == "." ? "%2E" : "%2E%2E"
      return copy
    }
    PercentEncoding.encode(segment, into: &copy.text)
    return copy
  }

  /// The path, with parameters as its query.
  ///
  /// - Parameter parameters: at least one, whose names need no encoding.
  func querying(_ parameters: [(name: String, value: String)]) -> ResourcePath {
    var copy = self
    for (index, parameter) in parameters.enumerated() {
      copy.text += (index == 0 ? "?" : "&") + parameter.name + "="
      PercentEncoding.encode(parameter.value, into: &copy.text)
    }
    return copy
  }
}
