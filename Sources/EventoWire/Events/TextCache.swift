#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Texts that were read recently. Names and ids repeat from event to event, and each new `String` of more than 15 bytes
/// is an allocation.
struct TextCache: Sendable {
  /// One slot for each hash.
  private var slots = [String](repeating: "", count: 64)

  /// The lengths of the texts that are kept: those that need an allocation, up to that of the longest name.
  private static let lengths = 16...255

  /// Returns a text.
  ///
  /// - Parameter bytes: Valid UTF-8.
  mutating func text(_ bytes: UnsafeRawBufferPointer) -> String {
    guard let start = bytes.baseAddress, Self.lengths.contains(bytes.count) else {
      return String(decoding: bytes, as: UTF8.self)
    }
    let slot = Self.slot(of: bytes)
    let isKept = slots[slot].utf8.withContiguousStorageIfAvailable { kept in
      kept.count == bytes.count && kept.baseAddress.map { memcmp($0, start, kept.count) == 0 } ?? false
    }
    if isKept == true { return slots[slot] }
    let text = String(decoding: bytes, as: UTF8.self)
    slots[slot] = text
    return text
  }

  /// Hashes the first and the last eight bytes: of most ids, only the last ones differ.
  private static func slot(of bytes: UnsafeRawBufferPointer) -> Int {
    // In bounds: there are at least 16 bytes.
    let head = bytes.loadUnaligned(as: UInt64.self)
    let tail = bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self)
    return Int(truncatingIfNeeded: ((head ^ tail &* 31) &* 0x9E37_79B9_7F4A_7C15) >> 58)
  }
}
