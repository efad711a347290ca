package import ByteCoding

/// The query of a target as pairs, in the encoding of HTML forms.
package enum QueryString {
  /// The reason why a query has no pairs.
  package enum ParseError: Error, Sendable, Equatable {
    /// There is nothing before, after or between its `&`.
    case emptyPart
    /// A part begins with `=`.
    case noName
    case name(PercentEncoding.ParseError)
    case value(of: String, PercentEncoding.ParseError)
    /// There are more pairs than the caller accepts.
    case tooMany
  }

  /// Returns the pairs in order. Each name and value is decoded once, after splitting at `&` and the first `=`; `+` is
  /// a space.
  ///
  /// A part without `=` is a name with an empty value; an empty query has no pairs.
  ///
  /// - Parameter limit: The maximum number of pairs. They are counted before any of them is decoded.
  package static func pairs(
    _ raw: String, atMost limit: Int = .max
  ) throws(ParseError) -> [(name: String, value: String)] {
    guard !raw.isEmpty else { return [] }
    // Byte by byte: as a Character, a separator followed by a combining mark is not a separator.
    let bytes = Array(raw.utf8)
    guard bytes.reduce(0, { $0 + ($1 == UInt8(ascii: "&") ? 1 : 0) }) < limit else { throw .tooMany }
    var pairs: [(name: String, value: String)] = []
    for part in bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
      guard !part.isEmpty else { throw .emptyPart }
      let mark = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
      guard mark > part.startIndex else { throw .noName }
      let name = try decode(part[..<mark], as: ParseError.name)
      pairs.append((name, try decode(part[mark...].dropFirst()) { .value(of: name, $0) }))
    }
    return pairs
  }

  private static func decode(
    _ text: ArraySlice<UInt8>, as wrap: (PercentEncoding.ParseError) -> ParseError
  ) throws(ParseError) -> String {
    do throws(PercentEncoding.ParseError) {
      return try PercentEncoding.decode(text, plusIsSpace: true)
    } catch {
      throw wrap(error)
    }
  }
}
