/// Percent-encoding (RFC 3986 §2.1).
public enum PercentEncoding {
  /// The text that `text` stands for, decoded once.
  /// - Returns: nil where an escape is bad or the bytes are not UTF-8.
  public static func decode(_ text: some StringProtocol) -> String? {
    decode(text, plusIsSpace: false)
  }

  static func decode(_ text: some StringProtocol, plusIsSpace: Bool) -> String? {
    decode(text.utf8, plusIsSpace: plusIsSpace)
  }

  static func decode(_ text: some Collection<UInt8>, plusIsSpace: Bool) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var rest = text.makeIterator()
    while let byte = rest.next() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = rest.next().flatMap(ASCII.hexValue), let low = rest.next().flatMap(ASCII.hexValue) else {
          return nil
        }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

/// The query of a target as pairs, as HTML forms write them.
public enum QueryString {
  /// The pairs in order, each name and value decoded once after splitting at `&` and the first `=`; `+` is a space.
  ///
  /// A part without `=` is a name with an empty value; the query of no bytes has no pairs.
  /// - Returns: nil where a part is empty, has no name, or can't be decoded.
  public static func pairs(_ raw: String) -> [(name: String, value: String)]? {
    guard !raw.isEmpty else { return [] }
    var pairs: [(name: String, value: String)] = []
    // Byte by byte: as a Character, a separator with a combining mark behind it is another one.
    for part in raw.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
      let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let first = halves.first, let name = PercentEncoding.decode(first, plusIsSpace: true), !name.isEmpty,
        let value = PercentEncoding.decode(halves.count == 2 ? halves[1] : "".utf8[...], plusIsSpace: true)
      else { return nil }
      pairs.append((name, value))
    }
    return pairs
  }
}
