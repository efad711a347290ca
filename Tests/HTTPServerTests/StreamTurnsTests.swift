import Testing

@testable import HTTPServer

/// How streams share a loop's time with requests.
@Suite struct StreamTurnsTests {
  /// Turns of a loop that takes a tenth of a millisecond each, and whose streams always have more to send.
  ///
  /// - Returns: the part of the time that streams got, each for a hundredth of a millisecond.
  private func share(
    _ turns: inout StreamTurns, from start: inout UInt64, requests: Double, milliseconds: Int
  ) -> Double {
    var taken = 0.0
    for _ in 0..<milliseconds * 10 {
      start += 100_000
      turns.countRequests(
        TimeSpan(nanoseconds: UInt64(requests * 100_000)), until: Instant(nanoseconds: start))
      var left = 100_000 - requests * 100_000
      while turns.mayGoOn, left >= 10_000, let token = turns.popFirst() {
        turns.append(token)
        turns.countStream(TimeSpan(nanoseconds: 10_000))
        taken += 10_000
        left -= 10_000
      }
    }
    return taken / Double(milliseconds * 1_000_000)
  }

  private func turns() -> StreamTurns {
    var turns = StreamTurns(Instant(nanoseconds: 0))
    for index in 0..<3 { turns.append(Token(place: index, generation: 0)) }
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
    var turns = StreamTurns(Instant(nanoseconds: 0))
    #expect(turns.isEmpty && !turns.mayGoOn)
    var served: [Int] = []
    for index in 0..<6 {
      turns.append(Token(place: index, generation: 0))
      if index.isMultiple(of: 3), let token = turns.popFirst() { served.append(token.place) }
    }
    while let token = turns.popFirst() { served.append(token.place) }
    #expect(served == Array(0..<6))
    #expect(turns.isEmpty)
  }
}
