import Dispatch
import Testing

@testable import EventoGateway

/// The limit of what waits for compression: docs/decisions.md, "Each piece of a compressed body stands alone".
@Suite(.timeLimit(.minutes(2))) struct CompressorTests {
  private static let limit = 32 << 20

  /// Keeps the threads busy that compress large bodies.
  private struct Occupation {
    private static let threads = 2
    private let isOver = DispatchSemaphore(value: 0)

    init(_ compressor: Compressor) async {
      for _ in 0..<Self.threads {
        await withCheckedContinuation { continuation in
          compressor.compress([UInt8](repeating: 0, count: 20_000)) { [isOver] _ in
            continuation.resume()
            // Not for ever, so that a piece that waits behind this fails the test instead of hanging it.
            _ = isOver.wait(timeout: .now() + 20)
          }
        }
      }
    }

    func end() {
      for _ in 0..<Self.threads { isOver.signal() }
    }
  }

  @Test(arguments: [1, 1000, 65_535, 65_536, 200_000])
  func aPieceAboveTheLimitIsSentAsItIsAndAtOnce(_ count: Int) async throws {
    let compressor = try Compressor(names: Zlib.names)
    let piece = [UInt8](repeating: 7, count: count)
    let occupation = await Occupation(compressor)
    let (pages, waiting) = AsyncStream<[UInt8]?>.makeStream()
    compressor.compress([UInt8](repeating: 0, count: Self.limit)) { waiting.yield($0) }
    // A body is not compressed at all; a piece must be a part of its member.
    #expect(await compressed(piece, compressor) == nil)
    let (first, member) = await compressor.compress(piece, of: GzipMember(), isLast: false)
    let (last, _) = await compressor.compress(piece, of: member, isLast: true)
    #expect(first.count > count && last.count > count)
    #expect(try Gunzip.content(first + last) == piece + piece)
    occupation.end()
    var iterator = pages.makeAsyncIterator()
    let page = await iterator.next() ?? nil
    #expect(try #require(page).count < Self.limit / 100)
    // From then on, pieces are compressed again, in the middle of a stream too.
    let (next, _) = await compressor.compress(piece, of: member, isLast: true)
    #expect(next.count < 1000)
    #expect(try Gunzip.content(first + next) == piece + piece)
  }

  @Test func aPieceIsCountedUntilItIsCompressed() async throws {
    let compressor = try Compressor(names: Zlib.names)
    let piece = [UInt8](repeating: 7, count: 1 << 20)
    let occupation = await Occupation(compressor)
    let pieces = Self.limit / piece.count
    let sizes = await withTaskGroup { group in
      for _ in 0..<pieces + 1 {
        group.addTask { await compressor.compress(piece, of: GzipMember(), isLast: true).0.count }
      }
      // The first that returns is the one for which there is no room. The others wait for the threads.
      var sizes: [Int] = []
      for await size in group {
        sizes.append(size)
        if sizes.count == 1 { occupation.end() }
      }
      return sizes
    }
    #expect(sizes[0] > piece.count && sizes[1...].allSatisfy { $0 < piece.count / 100 })
    // Nothing counts any more: a large body waits, and there is room for a piece beside it.
    let again = await Occupation(compressor)
    let (bodies, waiting) = AsyncStream<[UInt8]?>.makeStream()
    compressor.compress([UInt8](repeating: 0, count: Self.limit - 1)) { waiting.yield($0) }
    #expect(await compressed([7], compressor) != nil)
    again.end()
    var iterator = bodies.makeAsyncIterator()
    let body = await iterator.next() ?? nil
    #expect(body != nil)
  }

  private func compressed(_ body: [UInt8], _ compressor: Compressor) async -> [UInt8]? {
    await withCheckedContinuation { continuation in
      compressor.compress(body) { continuation.resume(returning: $0) }
    }
  }
}
