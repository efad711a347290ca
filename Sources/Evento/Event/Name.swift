/// A name, a key or another short text, as a store compares it: by its UTF-8 bytes.
///
/// Swift compares strings by canonical equivalence, so that two spellings of "é" are equal; a store tells them apart.
/// Every dictionary, set or comparison of names uses this type, in an executor of your own too.
public struct Name: Sendable, Hashable, Comparable {
  public let text: String

  /// Wraps a text that has been checked, as by ``NewEvent/check(_:)``, or that comes from a store. It is not checked again.
  public init(checked text: String) {
    self.text = text
  }

  public static func == (left: Name, right: Name) -> Bool {
    left.text.isExactly(right.text)
  }

  /// By the bytes, one after the other: the order that keys are listed in.
  public static func < (left: Name, right: Name) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    // No text contains this byte: it marks the end of each of several names that are hashed together.
    hasher.combine(0xFF as UInt8)
  }

  // MARK: What a text must be

  /// Bytes of UTF-8 that a name may have.
  public static let lengths = 1...255

  /// What is wrong with a text, or `nil` where nothing is.
  public static func fault(in text: String) -> String? {
    let bytes = text.utf8
    guard lengths.contains(bytes.count) else {
      return "must be \(lengths.lowerBound) to \(lengths.upperBound) bytes of UTF-8, and has \(bytes.count)"
    }
    guard !(bytes.withContiguousStorageIfAvailable(hasControl) ?? hasControl(bytes)) else {
      return "must have no control characters (U+0000 to U+001F, U+007F)"
    }
    return nil
  }

  /// Looks at all of it, which takes less time than to stop at the first: sixteen bytes at once.
  private static func hasControl(_ bytes: some Collection<UInt8>) -> Bool {
    var found: UInt8 = 0
    for byte in bytes { found |= (byte < 0x20 ? 1 : 0) | (byte == 0x7F ? 1 : 0) }
    return found != 0
  }

  /// - Throws: `invalid_request`, which calls the text by `label`, where it can't be a name.
  package static func check(_ text: String, _ label: @autoclosure () -> String) throws(EventoError) {
    if let fault = fault(in: text) { throw EventoError(.invalidRequest, "\(label()) \(fault).") }
  }
}

/// An aggregate's type and id: what tells it from all others.
public struct AggregateKey: Sendable, Hashable {
  public let type: Name
  public let id: Name

  /// - Parameters:
  ///   - type: checked, as for ``Name/init(checked:)``.
  ///   - id: the same.
  public init(type: String, id: String) {
    self.type = Name(checked: type)
    self.id = Name(checked: id)
  }
}
