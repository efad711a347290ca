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
      }, "chunkSize(_:) requires 1 to 65535 events, but got 0.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Subscription("s").acknowledge(every: 0)
      }, "acknowledge(every:) requires at least 1 event, but got 0.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Subscription("s").retry(-1)
      }, "retry(_:backoff:) requires at least 0 retries, but got -1.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Backoff(initialDelay: .seconds(-1))
      }, "a delay must not be negative.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Backoff(jitter: 1.5)
      }, "jitter must be 0 to 1, but is 1.5.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = balances.snapshots(as: "balance", every: 0)
      }, "snapshots(as:every:) requires at least 1 event, but got 0.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = balances.skip(Deposited.self)
      }, "Deposited of bank/Account is handled or skipped twice.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Timestamp(seconds: 0, subsecond: 1000)
      }, "subsecond must be 0 to 999.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Cursor(content: [])
      }, "a cursor's content must be 1 to 145 bytes.")
    try check(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = ExecutorGroup([])
      }, "an executor group must have 1 to 8 members.")
  }
}
