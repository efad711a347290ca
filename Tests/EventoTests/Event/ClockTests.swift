import Testing

@testable import Evento

/// Identifiers and times by a clock that is wrong.
@Suite struct ClockTests {
  /// The milliseconds that 48 bits hold at most: in the year 10889.
  private static let last: Int64 = 0xFFFF_FFFF_FFFF

  /// What a process generates after a restart differs from what it generated before, whatever its clock says.
  @Test(arguments: [Int64.min, -1, 0, 1, 1_700_000_000_000, last, last + 1, .max])
  func identifiersOfTwoProcessesDifferByAnyClock(_ milliseconds: Int64) {
    var seen: Set<ULID> = []
    for _ in 0..<50 {
      let generator = ULIDGenerator { Timestamp(milliseconds: milliseconds) }
      let identifiers = (0..<20).map { _ in generator.next() }
      #expect(identifiers == identifiers.sorted())
      #expect(identifiers[0].milliseconds == min(max(milliseconds, 0), Self.last))
      seen.formUnion(identifiers)
    }
    #expect(seen.count == 1000)
    // 80 random bits: of 50 draws, no two have the same first 32.
    #expect(Set(seen.map { $0.low >> 32 }).count >= 50)
  }

  @Test(
    arguments: [
      (Int64.min, 0), (-1, 0), (0, 0), (1, 1), (253_402_300_799_999, 253_402_300_799_999),
      (253_402_300_800_000, 253_402_300_799_999), (.max, 253_402_300_799_999),
    ] as [(Int64, Int64)])
  func aTimeOutOfRangeIsTheNearestWithin(_ milliseconds: Int64, _ expected: Int64) {
    #expect(Timestamp(milliseconds: milliseconds).clamped == Timestamp(milliseconds: expected))
  }
}
