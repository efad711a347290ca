import Evento
import Testing

@Suite struct TimestampTests {
  @Test(
    arguments: [
      (0, 0, 0), (1, 0, 1), (999, 0, 999), (1000, 1, 0), (-1, -1, 999), (-999, -1, 1), (-1000, -1, 0), (-1001, -2, 999),
      (Int64.max, 9_223_372_036_854_775, 807), (.min, -9_223_372_036_854_776, 192),
    ] as [(Int64, Int64, Int)])
  func aMomentIsItsSecondAndWhatIsBehindIt(_ milliseconds: Int64, _ seconds: Int64, _ subsecond: Int) {
    let moment = Timestamp(milliseconds: milliseconds)
    #expect(moment.seconds == seconds && moment.subsecond == subsecond)
    #expect(Timestamp(seconds: seconds, subsecond: subsecond) == moment)
  }

  @Test func whatIsNoMomentIsAMistakeOfTheCaller() async {
    await #expect(processExitsWith: .failure) { _ = Timestamp(seconds: .max) }
    await #expect(processExitsWith: .failure) { _ = Timestamp(seconds: 9_223_372_036_854_775, subsecond: 808) }
    await #expect(processExitsWith: .failure) { _ = Timestamp(seconds: -9_223_372_036_854_776, subsecond: 191) }
    await #expect(processExitsWith: .failure) { _ = Timestamp(seconds: .min) }
    await #expect(processExitsWith: .failure) { _ = Timestamp(seconds: 0, subsecond: 1000) }
    await #expect(processExitsWith: .failure) { _ = Timestamp(seconds: 0, subsecond: -1) }
  }
}
