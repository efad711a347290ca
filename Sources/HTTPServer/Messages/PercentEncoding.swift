/// Percent-encoding (RFC 3986 §2.1).
public enum PercentEncoding {
  /// Why text can't be decoded.
  public enum Fault: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is a `%` without two hexadecimal digits behind it.
    case badEscape
    /// The bytes that it stands for are not UTF-8.
    case notUTF8

    /// To stand behind what the text is called.
    public var description: String {
      switch self {
      case .badEscape: "has a % that two hexadecimal digits do not follow (a % itself is written %25)"
      case .notUTF8: "is not UTF-8 once its escapes are decoded"
      }
    }
  }

  /// The text that `text` stands for, decoded once.
  public static func decode(_ text: some StringProtocol) throws(Fault) -> String {
    try decode(text.utf8, plusIsSpace: false)
  }

  static func decode(_ text: some Collection<UInt8>, plusIsSpace: Bool) throws(Fault) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var rest = text.makeIterator()
    while let byte = rest.next() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = rest.next().flatMap(ASCII.hexValue), let low = rest.next().flatMap(ASCII.hexValue) else {
          throw .badEscape
        }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
    return text
  }
}

/// The query of a target as pairs, as HTML forms write them.
public enum QueryString {
  /// Why a query has no pairs.
  public enum Fault: Error, Sendable, Equatable {
    /// There is nothing before, behind or between its `&`.
    case emptyPart
    /// A part begins with `=`.
    case noName
    case name(PercentEncoding.Fault)
    case value(of: String, PercentEncoding.Fault)
  }

  /// The pairs in order, each name and value decoded once after splitting at `&` and the first `=`; `+` is a space.
  ///
  /// A part without `=` is a name with an empty value; the query of no bytes has no pairs.
  public static func pairs(_ raw: String) throws(Fault) -> [(name: String, value: String)] {
    guard !raw.isEmpty else { return [] }
    var pairs: [(name: String, value: String)] = []
    // Byte by byte: as a Character, a separator with a combining mark behind it is another one.
    for part in raw.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
      guard !part.isEmpty else { throw .emptyPart }
      let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let first = halves.first, !first.isEmpty else { throw .noName }
      let name = try decode(first) { .name($0) }
      pairs.append((name, try decode(halves.count == 2 ? halves[1] : "".utf8[...]) { .value(of: name, $0) }))
    }
    return pairs
  }

  private static func decode(
    _ text: Substring.UTF8View, _ fault: (PercentEncoding.Fault) -> Fault
  ) throws(Fault) -> String {
    do throws(PercentEncoding.Fault) {
      return try PercentEncoding.decode(text, plusIsSpace: true)
    } catch {
      throw fault(error)
    }
  }
}
