package import ByteCoding

/// The query of a target as pairs, as HTML forms write them.
package enum QueryString {
  /// Why a query has no pairs.
  package enum Fault: Error, Sendable, Equatable {
    /// There is nothing before, behind or between its `&`.
    case emptyPart
    /// A part begins with `=`.
    case noName
    case name(PercentEncoding.Fault)
    case value(of: String, PercentEncoding.Fault)
    /// There are more pairs than the caller takes.
    case tooMany
  }

  /// The pairs in order, each name and value decoded once after splitting at `&` and the first `=`; `+` is a space.
  ///
  /// A part without `=` is a name with an empty value; the query of no bytes has no pairs.
  ///
  /// - Parameter limit: the number of pairs to take. They are counted before any of them is decoded.
  package static func pairs(
    _ raw: String, atMost limit: Int = .max
  ) throws(Fault) -> [(name: String, value: String)] {
    guard !raw.isEmpty else { return [] }
    // Byte by byte: as a Character, a separator with a combining mark behind it is another one.
    let bytes = Array(raw.utf8)
    guard bytes.reduce(0, { $0 + ($1 == UInt8(ascii: "&") ? 1 : 0) }) < limit else { throw .tooMany }
    var pairs: [(name: String, value: String)] = []
    for part in bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
      guard !part.isEmpty else { throw .emptyPart }
      let mark = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
      guard mark > part.startIndex else { throw .noName }
      let name = try decode(part[..<mark]) { .name($0) }
      pairs.append((name, try decode(part[mark...].dropFirst()) { .value(of: name, $0) }))
    }
    return pairs
  }

  private static func decode(
    _ text: ArraySlice<UInt8>, _ fault: (PercentEncoding.Fault) -> Fault
  ) throws(Fault) -> String {
    do throws(PercentEncoding.Fault) {
      return try PercentEncoding.decode(text, plusIsSpace: true)
    } catch {
      throw fault(error)
    }
  }
}
