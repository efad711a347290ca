internal import Evento

/// The members of one kind of JSON object.
protocol MemberName: CaseIterable, Hashable, RawRepresentable, Sendable where RawValue == String {
  static var table: MemberTable<Self> { get }
}

/// Finds a member by the bytes of its name.
struct MemberTable<Member: MemberName>: Sendable {
  private struct Entry {
    let head: UInt64
    let name: [UInt8]
    let member: Member
  }

  private let entries: [Entry]

  /// - Parameter excluded: The members that the object does not have. They are the last ones, so that the indexes of the
  ///   others are the same in every table.
  init(without excluded: Set<Member> = []) {
    entries = Member.allCases.filter { !excluded.contains($0) }.map { member in
      let name = Array(member.rawValue.utf8)
      return Entry(head: Self.head(of: name.span), name: name, member: member)
    }
  }

  /// Returns the member and its index among all: its bit in a ``MemberSet``.
  ///
  /// - Complexity: O(*n*) in the number of members, which is at most a dozen.
  func find(_ name: Span<UInt8>) -> (member: Member, index: Int)? {
    let head = Self.head(of: name)
    for (index, entry) in entries.enumerated()
    where entry.head == head && entry.name.count == name.count && Self.hasSameTail(entry.name.span, name) {
      return (entry.member, index)
    }
    return nil
  }

  /// The first eight bytes, as one number.
  private static func head(of name: Span<UInt8>) -> UInt64 {
    // In bounds, and any eight bytes are a UInt64.
    if name.count >= 8 { return UInt64(littleEndian: name.bytes.unsafeLoadUnaligned(as: UInt64.self)) }
    var head: UInt64 = 0
    for index in name.indices.reversed() { head = head << 8 | UInt64(name[index]) }
    return head
  }

  /// Returns whether two names of the same length are equal after their first eight bytes.
  private static func hasSameTail(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    var index = 8
    while index < left.count {
      if left[index] != right[index] { return false }
      index += 1
    }
    return true
  }

  func index(of member: Member) -> Int? {
    entries.firstIndex { $0.member == member }
  }

  /// All names, for errors.
  var list: String { entries.map(\.member.rawValue).joined(separator: ", ") }
}

/// The set of members that an object has.
struct MemberSet<Member: MemberName> {
  private var bits: UInt32 = 0

  /// - Returns: True if it was not in the set.
  mutating func insert(_ index: Int) -> Bool {
    defer { bits |= 1 << UInt32(index) }
    return bits & 1 << UInt32(index) == 0
  }

  func contains(_ member: Member) -> Bool {
    Member.table.index(of: member).map { bits & 1 << UInt32($0) != 0 } ?? false
  }
}
