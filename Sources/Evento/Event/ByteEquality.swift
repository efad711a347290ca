#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension String {
  /// Returns true if both have the same UTF-8 bytes.
  package func isExactly(_ other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    let isEqual = utf8.withContiguousStorageIfAvailable { bytes in
      other.utf8.withContiguousStorageIfAvailable { others in Self.areEqual(bytes, others) }
    }
    // Bridged text may have no contiguous storage.
    return (isEqual ?? nil) ?? utf8.elementsEqual(other.utf8)
  }

  /// Much faster than a comparison byte by byte. Names are compared for each event.
  private static func areEqual(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let leftStart = left.baseAddress, let rightStart = right.baseAddress else { return true }
    return memcmp(leftStart, rightStart, left.count) == 0
  }
}

extension Optional<String> {
  /// Returns true if both are absent or have the same UTF-8 bytes.
  package func isExactly(_ other: String?) -> Bool {
    map(Name.init(checked:)) == other.map(Name.init(checked:))
  }
}

extension UnsafeRawBufferPointer {
  /// Returns true if these are the same bytes; much faster than a comparison byte by byte.
  package func isExactly(_ other: [UInt8]) -> Bool {
    guard count == other.count else { return false }
    guard let start = baseAddress else { return true }
    return other.withUnsafeBytes { $0.baseAddress.map { memcmp(start, $0, count) == 0 } ?? true }
  }
}
