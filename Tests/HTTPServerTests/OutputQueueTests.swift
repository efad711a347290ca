import Testing

@testable import HTTPServer

@Suite struct OutputQueueTests {
  private enum Refused: Error { case never }

  /// Whatever is appended, comes out in order, in whatever pieces it is taken; and memory goes with what it held.
  @Test func givesBytesInOrderAndMemoryBack() throws {
    var random = SystemRandomNumberGenerator()
    var spare: [UInt8] = []
    for _ in 0..<12 {
      var queue = OutputQueue()
      var (expected, taken): ([UInt8], [UInt8]) = ([], [])
      func bytes() -> [UInt8] {
        let sizes = [0, 1, 300, 16 * 1024 - 1, 16 * 1024, 70_000, 300_000]
        let first = UInt8.random(in: 0 ... .max, using: &random)
        let size = sizes.randomElement(using: &random) ?? 0
        // No piece is like the one before it.
        let bytes = [UInt8](repeating: first, count: size)
        expected += bytes
        return bytes
      }
      for _ in 0..<60 {
        queue.reuse(&spare)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: queue.append(bytes())
        case 1:
          let bytes = bytes()
          queue.append { $0.append(contentsOf: bytes) }
        case 2:
          var other = OutputQueue()
          for _ in 0..<3 { other.append(bytes()) }
          queue.append(other)
        default:
          // As a socket takes them: up to some number of bytes, and then no more.
          var room = Int.random(in: 0...(queue.count + 10), using: &random)
          try queue.drain { (piece, _) throws(Refused) in
            let count = min(room, piece.count)
            taken += piece.prefix(count)
            room -= count
            return count
          }
          queue.recycle(&spare)
          #expect(queue.allocatedBytes <= 4 * queue.count + 64 * 1024)
        }
        #expect(queue.count == expected.count - taken.count)
      }
      try queue.drain { (piece, _) throws(Refused) in
        taken += piece
        return piece.count
      }
      queue.recycle(&spare)
      #expect(queue.allocatedBytes == 0 && spare.capacity <= 256 * 1024 + 64)
      if taken != expected { Issue.record("the bytes differ") }
    }
  }

  /// A client that has left the last byte of a large response does not hold all of it.
  @Test func freesWhatWasSent() throws {
    var queue = OutputQueue()
    var spare: [UInt8] = []
    queue.append([UInt8](repeating: 1, count: 8 << 20))
    var room = (8 << 20) - 1
    try queue.drain { (piece, _) throws(Refused) in
      let count = min(room, piece.count)
      room -= count
      return count
    }
    queue.recycle(&spare)
    #expect(queue.count == 1 && queue.allocatedBytes < 64 * 1024)
  }
}
