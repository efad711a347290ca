internal import Evento

/// The members that one kind of JSON object has.
protocol MemberName: CaseIterable, RawRepresentable, Sendable where RawValue == String {
  static var table: MemberTable<Self> { get }
}

/// Finds a member by the bytes of its name.
struct MemberTable<Member: MemberName>: Sendable {
  private let entries: [(name: [UInt8], member: Member)]

  init() {
    entries = Member.allCases.map { (Array($0.rawValue.utf8), $0) }
  }

  /// The member, and its place among all: the bit that stands for it in a ``MemberSet``.
  ///
  /// - Complexity: O(*n*) in the number of members, which is at most a dozen.
  func find(_ name: ArraySlice<UInt8>) -> (member: Member, index: Int)? {
    for (index, entry) in entries.enumerated() where entry.name.count == name.count && name.elementsEqual(entry.name) {
      return (entry.member, index)
    }
    return nil
  }

  func index(of member: Member) -> Int? {
    find(Array(member.rawValue.utf8)[...])?.index
  }

  /// All names, for people.
  var list: String { Member.allCases.map(\.rawValue).joined(separator: ", ") }
}

/// Which members an object had.
struct MemberSet<Member: MemberName> {
  private var bits: UInt32 = 0

  /// - Returns: whether it was not there yet.
  mutating func insert(_ index: Int) -> Bool {
    defer { bits |= 1 << UInt32(index) }
    return bits & 1 << UInt32(index) == 0
  }

  func contains(_ member: Member) -> Bool {
    Member.table.index(of: member).map { bits & 1 << UInt32($0) != 0 } ?? false
  }
}
