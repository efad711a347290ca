internal import ByteCoding

/// The path of a resource, below the base URL, with its query.
struct ResourcePath: ExpressibleByStringLiteral {
  /// Percent-encoded.
  private(set) var text: String

  /// - Parameter text: A path that needs no encoding.
  init(stringLiteral text: StaticString) {
    self.text = text.description
  }

  /// Returns the path with another segment.
  ///
  /// All characters except the unreserved ones of RFC 3986 §2.3 are percent-encoded, including slashes. So are the dots
  /// of a segment that is `.` or `..`, which would otherwise be resolved (§3.3). A proxy that considers both forms
  /// equivalent (§6.2.2.3) can still change it, and a client can't prevent that.
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

  /// Returns the path with a query.
  ///
  /// - Parameter parameters: At least one, whose names need no encoding.
  func querying(_ parameters: [(name: String, value: String)]) -> ResourcePath {
    var copy = self
    for (index, parameter) in parameters.enumerated() {
      copy.text += (index == 0 ? "?" : "&") + parameter.name + "="
      PercentEncoding.encode(parameter.value, into: &copy.text)
    }
    return copy
  }
}
