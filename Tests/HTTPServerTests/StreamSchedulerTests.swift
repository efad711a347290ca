import Testing

@testable import HTTPServer

/// How streams share a loop's time with requests.
@Suite struct StreamSchedulerTests {
  /// Turns of a loop that takes a tenth of a millisecond each, and whose streams always have more to send.
  ///
  /// - Returns: the part of the time that streams got, each for a hundredth of a millisecond.
  private func share(
    _ turns: inout StreamScheduler, from start: inout UInt64, requests: Double, milliseconds: Int
  ) -> Double {
    var taken = 0.0
    for _ in 0..<milliseconds * 10 {
      start += 100_000
      turns.countRequests(
        TimeSpan(nanoseconds: UInt64(requests * 100_000)), until: MonotonicTime(nanoseconds: start))
      var left = 100_000 - requests * 100_000
      while turns.mayContinue, left >= 10_000, let turn = turns.popFirst() {
        turns.append(turn.token, turn.load)
        turns.countStream(TimeSpan(nanoseconds: 10_000), turn.load)
        taken += 10_000
        left -= 10_000
      }
    }
    return taken / Double(milliseconds * 1_000_000)
  }

  private func turns() -> StreamScheduler {
    var turns = StreamScheduler(MonotonicTime(nanoseconds: 0))
    for index in 0..<3 { turns.append(Token(slot: index, generation: 0), index == 0 ? .light : .heavy) }
    return turns
  }

  @Test(arguments: [(0.0, 1.0), (0.02, 0.9), (0.1, 0.6), (0.2, 0.2), (0.5, 0.03), (0.85, 0.03)])
  func leavesToStreamsWhatRequestsDoNotNeed(_ requests: Double, _ expected: Double) {
    var (turns, start) = (turns(), UInt64(0))
    // Until it has got used to it.
    _ = share(&turns, from: &start, requests: requests, milliseconds: 200)
    let share = share(&turns, from: &start, requests: requests, milliseconds: 500)
    #expect(abs(share - expected) < max(expected / 5, 0.01), "\(share)")
  }

  /// After a time of many requests, streams have the loop to themselves again.
  @Test func forgets() {
    var (turns, start) = (turns(), UInt64(0))
    _ = share(&turns, from: &start, requests: 0.9, milliseconds: 1000)
    _ = share(&turns, from: &start, requests: 0, milliseconds: 100)
    #expect(share(&turns, from: &start, requests: 0, milliseconds: 10) == 1)
  }

  @Test func givesEachItsTurn() {
    var turns = StreamScheduler(MonotonicTime(nanoseconds: 0))
    #expect(turns.isEmpty && !turns.mayContinue)
    var served: [Int] = []
    for index in 0..<6 {
      turns.append(Token(slot: index, generation: 0), .heavy)
      if index.isMultiple(of: 3), let turn = turns.popFirst() { served.append(turn.token.slot) }
    }
    while let turn = turns.popFirst() { served.append(turn.token.slot) }
    #expect(served == Array(0..<6))
    #expect(turns.isEmpty)
  }

  /// Of many that lag, each takes long; one that does not is served all the same, and gets no more than half.
  @Test(arguments: [1, 50]) func doesNotLetTheLightWaitForTheHeavy(_ lightCount: Int) {
    var turns = StreamScheduler(MonotonicTime(nanoseconds: 0))
    for index in 0..<1000 { turns.append(Token(slot: index, generation: 0), .heavy) }
    for index in 0..<lightCount { turns.append(Token(slot: 1000 + index, generation: 0), .light) }
    var taken = (light: 0, heavy: 0)
    var longestWait = 0
    var wait = 0
    for _ in 0..<10_000 {
      guard let turn = turns.popFirst() else { break }
      let time = turn.load == .light ? 5_000 : 30_000
      turns.countStream(TimeSpan(nanoseconds: UInt64(time)), turn.load)
      turns.append(turn.token, turn.load)
      if turn.load == .light { taken.light += time } else { taken.heavy += time }
      wait = turn.token.slot == 1000 ? 0 : wait + time
      longestWait = max(longestWait, wait)
    }
    #expect(abs(taken.light - taken.heavy) < 100_000)
    // As long as a turn of each of its kind, and as much for the others.
    #expect(longestWait <= 2 * lightCount * 5_000 + 60_000)
  }
}
