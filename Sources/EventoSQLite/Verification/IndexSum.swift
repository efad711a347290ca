/// A sum over the entries of an index that does not depend on their order: so the entries that the log must have, and
/// those that an index has, are compared without sorting either.
struct IndexSum: Equatable {
  private(set) var count = 0
  private var sum: UInt64 = 0

  /// Adds an entry.
  ///
  /// - Parameters:
  ///   - value: The value of the indexed column.
  ///   - position: The position of the event.
  mutating func add(_ value: UInt64, _ position: Int64) {
    count += 1
    sum &+= Self.mixed(Self.mixed(value) ^ UInt64(bitPattern: position))
  }

  mutating func add(_ value: Int64, _ position: Int64) {
    add(UInt64(bitPattern: value), position)
  }

  /// Returns one number for several values.
  static func mixed(_ values: Int64...) -> UInt64 {
    values.reduce(0) { mixed($0 ^ UInt64(bitPattern: $1)) }
  }

  /// The finalizer of SplitMix64 (https://doi.org/10.1145/2660193.2660195): each bit of a number changes half of the bits
  /// of the result.
  static func mixed(_ number: UInt64) -> UInt64 {
    var number = number &+ 0x9E37_79B9_7F4A_7C15
    number = (number ^ number >> 30) &* 0xBF58_476D_1CE4_E5B9
    number = (number ^ number >> 27) &* 0x94D0_49BB_1331_11EB
    return number ^ number >> 31
  }
}
