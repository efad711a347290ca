import ByteCoding
import Testing

@Suite struct RFC3339Tests {
  @Test(
    arguments: [
      (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
      (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
      (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ] as [(Int64, String)])
  func isWrittenAndReadAgain(_ milliseconds: Int64, _ text: String) throws {
    #expect(RFC3339.text(milliseconds: milliseconds) == text)
    let moment = try #require(RFC3339(text))
    #expect(moment.seconds * 1000 + (Int64(moment.fraction) ?? 0) == milliseconds)
  }

  @Test func itsRangeIsThatOfTheYearsOfFourDigits() {
    #expect(RFC3339.text(milliseconds: RFC3339.range.lowerBound) == "0001-01-01T00:00:00.000Z")
    #expect(RFC3339.text(milliseconds: RFC3339.range.upperBound) == "9999-12-31T23:59:59.999Z")
  }

  @Test(
    arguments: [
      ("0000-01-01T00:00:00Z", -62_167_219_200, ""), ("0000-02-29T00:00:00Z", -62_162_121_600, ""),
      ("1969-12-31T23:59:59.5Z", -1, "5"), ("1970-01-01t00:00:01.123456789z", 1, "123456789"),
      ("1970-01-01 00:00:01Z", 1, ""), ("1970-01-01T00:00:00+23:59", -86_340, ""),
      ("1969-12-31T00:00:00-23:59", -60, ""), ("2016-12-31T23:59:60Z", 1_483_228_800, ""),
      ("9999-12-31T23:59:59.999-23:59", 253_402_387_139, "999"), ("0000-01-01T00:00:00+23:59", -62_167_305_540, ""),
    ] as [(String, Int64, String)])
  func isReadInEveryForm(_ text: String, _ seconds: Int64, _ fraction: String) {
    let moment = RFC3339(text)
    #expect(moment?.seconds == seconds && moment?.fraction == fraction)
  }

  @Test(arguments: [
    "", "1970-01-01T00:00:00", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00.5", "1970-13-01T00:00:00Z",
    "1970-00-01T00:00:00Z", "1970-01-00T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-01-01T00:00:61Z",
    "1970-01-01T00:00:00ZZ", "1970-01-01T00:00:00+24:00", "1970-01-01T00:00:00+00:60", "1970-01-01T00:00:00+0:00",
    "1970-01-01T00:00:00+00:00Z", "+970-01-01T00:00:00Z", "-001-01-01T00:00:00Z", "10000-01-01T00:00:00Z",
    "1970-01-01T00:00:00.1é", "1970-01-01T00:00:00Z\u{301}",
  ])
  func whatIsNoMomentIsRefused(_ text: String) {
    #expect(RFC3339(text) == nil)
  }
}
