/// The names of one object's members, of which none may stand there twice.
struct MemberNames {
  /// Of an object with a single member, which needs no array for it.
  private var first: ArraySlice<UInt8>?
  /// The next few, which are compared one by one: most objects have no more.
  private var few: [ArraySlice<UInt8>] = []
  private var many: Set<Name> = []

  /// A name, which is hashed as a whole: an array is hashed element by element, which takes several times as long.
  private struct Name: Hashable {
    let bytes: ArraySlice<UInt8>

    func hash(into hasher: inout Hasher) {
      bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
  }

  private static let fewCount = 12

  /// - Returns: whether it was not there yet.
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
