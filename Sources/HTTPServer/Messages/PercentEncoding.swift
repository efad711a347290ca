internal import ByteCoding

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
  public static func decode(_ text: String) throws(Fault) -> String {
    try decode(Array(text.utf8)[...])
  }

  /// The text that bytes stand for, decoded once.
  ///
  /// Not generic: the gateway decodes up to a whole request line on the event loop, and a generic function of another
  /// module is many times slower.
  package static func decode(_ text: ArraySlice<UInt8>, plusIsSpace: Bool = false) throws(Fault) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      index += 1
      switch byte {
      case UInt8(ascii: "%"):
        guard index + 1 < text.endIndex, let high = ASCII.hexValue(text[index]),
          let low = ASCII.hexValue(text[index + 1])
        else { throw .badEscape }
        bytes.append(high << 4 | low)
        index += 2
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
    /// There are more pairs than the caller takes.
    case tooMany
  }

  /// The pairs in order, each name and value decoded once after splitting at `&` and the first `=`; `+` is a space.
  ///
  /// A part without `=` is a name with an empty value; the query of no bytes has no pairs.
  ///
  /// - Parameter limit: the number of pairs to take. They are counted before any of them is decoded.
  public static func pairs(
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
