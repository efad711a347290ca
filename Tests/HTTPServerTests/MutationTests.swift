import Testing

@testable import HTTPServer

/// Requests with random damage: whatever the parser makes of them, it makes it of every split of them, and never
/// reads past what has come. The seeds are fixed, so that a failure comes again.
@Suite struct MutationTests {
  /// Marsaglia's xorshift: small, and the same everywhere.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }

  private static let samples = [
    "GET /a/b?c=d%20e HTTP/1.1\r\nHost: a.example:80\r\nX: y\r\nConnection: close\r\n\r\n",
    "POST http://b/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nabcdeGET * HTTP/1.0\r\n\r\n",
    "PUT / HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\n3;a=\"b\"\r\nabc\r\n0\r\nT: u\r\n\r\nOPTIONS * HTTP/1.1\r\n",
  ]

  private static let pieces: [[UInt8]] = ["\r\n", "\n", "\r", ":", " ", "\0", "0", "chunked", ",", "\t", "%", "FFFF"]
    .map { Array($0.utf8) }

  @Test(arguments: 1...40) func givesTheSameOfEverySplit(_ seed: Int) {
    var generator = Generator(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15)
    var limits = ParserTranscript.limits
    limits.requestLineBytes = 100
    limits.headerBytes = 120
    limits.headerFields = 5
    limits.chunkExtensionBytes = 8
    for sample in Self.samples {
      var bytes = Array(sample.utf8)
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[index] = UInt8.random(in: 0 ... .max, using: &generator)
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(contentsOf: Self.pieces.randomElement(using: &generator) ?? [], at: index)
        default: bytes.insert(contentsOf: bytes[index...].prefix(20), at: index)
        }
      }
      let (steps, isSame) = ParserTranscript.ofEverySplit(bytes, limits: limits)
      #expect(isSame, "\(String(decoding: bytes, as: UTF8.self).debugDescription): \(steps)")
    }
  }
}
