import Evento
import Foundation
import Testing

/// A call that is not as its documentation asks for ends the process, with a text that says which.
@Suite struct MisuseTests {
  private func check(_ result: ExitTest.Result?, _ text: String) throws {
    let output = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(output.contains("Misuse of Evento: \(text)"), "\(output)")
  }

  @Test func eachSaysWhichItWas() async throws {
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Subscription("s").chunkSize(0)
      }, "chunkSize(_:) takes 1 to 65535 events, not 0.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Subscription("s").acknowledge(every: 0)
      }, "acknowledge(every:) takes 1 or more events, not 0.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Subscription("s").retry(-1)
      }, "retry(_:backoff:) takes 0 or more times, not -1.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Backoff(first: .seconds(-1))
      }, "a wait is not negative.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = balances.snapshots(as: "balance", every: 0)
      }, "snapshots(as:every:) takes 1 or more events, not 0.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = balances.skip(Deposited.self)
      }, "Deposited of bank/Account is handled or skipped twice.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Timestamp(seconds: 0, subsecond: 1000)
      }, "a second has the milliseconds 0 to 999.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Cursor(place: [])
      }, "a cursor's place is 1 to 145 bytes.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = ExecutorGroup([])
      }, "an executor group has 1 to 8 members.")
  }
}
