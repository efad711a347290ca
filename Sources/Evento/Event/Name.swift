/// A name, key or other short text that is compared byte by byte.
///
/// Swift compares strings by canonical equivalence, so that two spellings of "é" are equal, but a store compares names
/// and keys by their UTF-8 bytes. Use this type for every dictionary, set or comparison of such text, also in your own
/// executor.
public struct Name: Sendable, Hashable, Comparable {
  public let text: String

  /// Wraps a text that has been checked, for example by ``NewEvent/check(_:)``, or that comes from a store. It is not
  /// checked again.
  public init(checked text: String) {
    self.text = text
  }

  public static func == (left: Name, right: Name) -> Bool {
    left.text.isExactly(right.text)
  }

  /// Compares the bytes: the order in which keys are listed.
  public static func < (left: Name, right: Name) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    // No text contains this byte: it marks the end of each of several names that are hashed together.
    hasher.combine(0xFF as UInt8)
  }

  // MARK: The rule

  /// The allowed lengths, in bytes of UTF-8.
  public static let lengths = 1...255

  /// Returns an error text for a name, or `nil` if it is valid.
  public static func error(in text: String) -> String? {
    let bytes = text.utf8
    guard lengths.contains(bytes.count) else {
      return "must be \(lengths.lowerBound) to \(lengths.upperBound) bytes of UTF-8, but has \(bytes.count)"
    }
    guard !(bytes.withContiguousStorageIfAvailable(hasControl) ?? hasControl(bytes)) else {
      return "must not contain control characters (U+0000 to U+001F, U+007F)"
    }
    return nil
  }

  /// Checks all bytes, 16 at once, which is faster than stopping at the first one found.
  private static func hasControl(_ bytes: some Collection<UInt8>) -> Bool {
    var found: UInt8 = 0
    for byte in bytes { found |= (byte < 0x20 ? 1 : 0) | (byte == 0x7F ? 1 : 0) }
    return found != 0
  }

  /// Checks a name.
  ///
  /// - Throws: `invalid_request`, with `label` as the name of the text, if it can't be a name.
  package static func check(_ text: String, _ label: @autoclosure () -> String) throws(EventoError) {
    if let error = error(in: text) { throw EventoError(.invalidRequest, "\(label()) \(error).") }
  }
}

/// An aggregate's type and id, which together identify it. Compared by UTF-8 bytes.
public struct AggregateKey: Sendable, Hashable {
  public let type: Name
  public let id: Name

  /// - Parameters:
  ///   - type: A text that has been checked, as for ``Name/init(checked:)``.
  ///   - id: The same for the id.
  public init(type: String, id: String) {
    self.type = Name(checked: type)
    self.id = Name(checked: id)
  }
}
