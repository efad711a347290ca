#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif
/// Text that is compared byte by byte.
///
/// Swift compares strings by canonical equivalence, so that two spellings of "é" are equal, but a store compares names
/// and keys by their UTF-8 bytes. Use this type for every dictionary, set or comparison of such text, also in an
/// executor of your own.
public struct ExactText: Sendable, Hashable, Comparable {
  public let string: String

  public init(_ string: String) {
    self.string = string
  }

  public static func == (left: ExactText, right: ExactText) -> Bool {
    left.string.isExactly(right.string)
  }

  /// Compares the bytes: the order in which keys are listed.
  public static func < (left: ExactText, right: ExactText) -> Bool {
    left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    var string = string
    string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    // No text contains this byte: it marks the end of each of several texts that are hashed together.
    hasher.combine(0xFF as UInt8)
  }
}

extension String {
  /// Returns whether both have the same UTF-8 bytes.
  package func isExactly(_ other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    let isEqual = utf8.withContiguousStorageIfAvailable { bytes in
      other.utf8.withContiguousStorageIfAvailable { others in Self.areEqual(bytes, others) }
    }
    // Bridged text may have no such storage.
    return (isEqual ?? nil) ?? utf8.elementsEqual(other.utf8)
  }
}

extension String {
  /// Much faster than a comparison byte by byte. Names are compared for each event.
  private static func areEqual(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let leftStart = left.baseAddress, let rightStart = right.baseAddress else { return true }
    return memcmp(leftStart, rightStart, left.count) == 0
  }
}

extension UnsafeRawBufferPointer {
  /// Returns whether these are the same bytes; much faster than a comparison byte by byte.
  package func isExactly(_ other: [UInt8]) -> Bool {
    guard count == other.count else { return false }
    guard let start = baseAddress else { return true }
    return other.withUnsafeBytes { $0.baseAddress.map { memcmp(start, $0, count) == 0 } ?? true }
  }
}

extension Optional<String> {
  /// Returns whether both are absent or have the same UTF-8 bytes.
  package func isExactly(_ other: String?) -> Bool {
    map(ExactText.init) == other.map(ExactText.init)
  }
}
