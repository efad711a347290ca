/// The names of one object's members, of which none may stand there twice.
struct MemberNames {
  /// Of an object with a single member, which needs no array for it.
  private var first: ArraySlice<UInt8>?
  /// The next few, which are compared one by one: most objects have no more.
  private var few: [ArraySlice<UInt8>] = []
  private var many: Set<ArraySlice<UInt8>> = []

  private static let fewCount = 12

  /// - Returns: whether it was not there yet.
  /// - Complexity: O(*n*) in the length of the name, on average.
  mutating func insert(_ name: ArraySlice<UInt8>) -> Bool {
    guard let first else {
      first = name
      return true
    }
    guard name != first else { return false }
    guard many.isEmpty else { return many.insert(name).inserted }
    guard !few.contains(name) else { return false }
    few.append(name)
    if few.count == Self.fewCount { many = Set(few) }
    return true
  }
}
