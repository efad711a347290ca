/// The names of one object's members, which must be unique.
struct MemberNames {
  /// The name of an object's first member, which needs no array.
  private var first: ArraySlice<UInt8>?
  /// The next few, which are compared one by one: most objects have no more.
  private var few: [ArraySlice<UInt8>] = []
  private var many: Set<Name> = []

  /// A name, hashed as a whole: an array is hashed element by element, which takes several times as long.
  private struct Name: Hashable {
    let bytes: ArraySlice<UInt8>

    func hash(into hasher: inout Hasher) {
      bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
  }

  private static let fewCount = 12

  /// - Returns: True if it was not present.
  /// - Complexity: O(*n*) in the length of the name, on average.
  mutating func insert(_ name: ArraySlice<UInt8>) -> Bool {
    guard let first else {
      first = name
      return true
    }
    guard name != first else { return false }
    guard many.isEmpty else { return many.insert(Name(bytes: name)).inserted }
    guard !few.contains(name) else { return false }
    few.append(name)
    if few.count == Self.fewCount { many = Set(few.map(Name.init)) }
    return true
  }
}
