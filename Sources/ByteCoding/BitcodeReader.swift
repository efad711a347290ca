/// Reads the binary format of the Rust crate `bitcode`, version 0.6 (https://docs.rs/bitcode/0.6), as far as `evento`
/// uses it: strings, byte strings and integers. Other types are not read.
///
/// The fields of a value come one after the other. Of several values of one type, such as the keys of a map, all lengths
/// come first. Lengths, byte strings and integers are packed, if that makes them shorter.
///
/// A function returns `nil` if the bytes are not such values.
package struct BitcodeReader {
  private var rest: ArraySlice<UInt8>

  package init(_ bytes: [UInt8]) {
    rest = bytes[...]
  }

  /// True if all bytes were read.
  package var isAtEnd: Bool { rest.isEmpty }

  /// Reads the lengths of collections.
  package mutating func lengths(_ count: Int) -> [Int]? {
    guard let short = packedBytes(count), let long = integers(short.count { $0 == 255 }, size: 8) else { return nil }
    var next = long.makeIterator()
    var lengths: [Int] = []
    for length in short {
      guard length == 255 else {
        lengths.append(Int(length))
        continue
      }
      guard let number = next.next(), let length = Int(exactly: number), length <= Self.longest else { return nil }
      lengths.append(length)
    }
    return lengths
  }

  /// Much more than a row of a database has. It bounds the sum of lengths.
  private static let longest = 1 << 40

  /// Reads strings.
  package mutating func strings(_ count: Int) -> [String]? {
    guard let lengths = lengths(count) else { return nil }
    var strings: [String] = []
    for length in lengths {
      guard let bytes = take(length), let text = String(validating: bytes, as: UTF8.self) else { return nil }
      strings.append(text)
    }
    return strings
  }

  /// Reads byte strings.
  package mutating func byteStrings(_ count: Int) -> [[UInt8]]? {
    guard let lengths = lengths(count), let bytes = packedBytes(lengths.reduce(0, +)) else { return nil }
    var end = 0
    return lengths.map { length in
      defer { end += length }
      return Array(bytes[end..<end + length])
    }
  }

  /// Reads unsigned integers.
  ///
  /// - Parameter size: The size of their type, in bytes: 2, 4 or 8.
  package mutating func integers(_ count: Int, size: Int) -> [UInt64]? {
    guard count > 0 else { return [] }
    guard size > 2 || count > 1 else { return integer(size).map { [$0] } }
    guard let header = take(1)?.first, let minimum = minimum(header, size: size) else { return nil }
    let width = size >> ((Int(header) + 1) / 2)
    var values: [UInt64] = []
    switch width {
    case 0: return nil
    case 1:
      guard let bytes = packedBytes(count) else { return nil }
      values = bytes.map { UInt64($0) }
    default:
      for _ in 0..<count {
        guard let value = integer(width) else { return nil }
        values.append(value)
      }
    }
    let mask = size == 8 ? UInt64.max : 1 << UInt64(size * 8) - 1
    return values.map { ($0 &+ minimum) & mask }
  }

  // MARK: Packing

  /// Reads bytes, each of which can be one of a few digits of a packed byte.
  private mutating func packedBytes(_ count: Int) -> [UInt8]? {
    guard count > 2 else { return take(count).map { Array($0) } }
    guard let header = take(1)?.first, let minimum = minimum(header, size: 1) else { return nil }
    let packings: [(base: Int, digits: Int)] = [(256, 1), (16, 2), (6, 3), (4, 4), (3, 5), (2, 8)]
    let index = (Int(header) + 1) / 2
    guard packings.indices.contains(index) else { return nil }
    let (base, digits) = packings[index]
    guard let packed = take((count + digits - 1) / digits) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for byte in packed {
      var byte = Int(byte)
      for _ in 0..<min(digits, count - bytes.count) {
        bytes.append(UInt8(byte % base) &+ UInt8(truncatingIfNeeded: minimum))
        byte /= base
      }
    }
    return bytes
  }

  /// An odd header is followed by a number to add to all values.
  private mutating func minimum(_ header: UInt8, size: Int) -> UInt64? {
    header % 2 == 1 ? integer(size) : 0
  }

  /// Reads an unpacked integer, little-endian.
  private mutating func integer(_ size: Int) -> UInt64? {
    take(size)?.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }
}
