import EventoStorage
import EventoTesting
import Testing

@Suite struct TwoGenerationCacheTests {
  @Test func whatIsUsedStays() {
    var cache = TwoGenerationCache<Int, Int>(limit: 100)
    cache.keep(-1, at: 0)
    for key in 1...10_000 {
      cache.keep(key * 2, at: key)
      #expect(cache.value(at: 0) == -1)
      #expect(cache.value(at: key) == key * 2)
      #expect(cache.count <= 100)
    }
    // At least half of the limit is kept.
    #expect((9_970...10_000).allSatisfy { cache.value(at: $0) == $0 * 2 })
    #expect(cache.value(at: 1) == nil)
  }

  @Test(arguments: [2, 3, 7, 64]) func isRightWhateverComes(_ limit: Int) {
    var cache = TwoGenerationCache<Int, Int>(limit: limit)
    var random = SeededGenerator(seed: UInt64(limit))
    var last: [Int: Int] = [:]
    for step in 0..<20_000 {
      let key = Int.random(in: 0..<limit * 2, using: &random)
      if Bool.random(using: &random) {
        cache.keep(step, at: key)
        last[key] = step
        #expect(cache.value(at: key) == step)
      } else if let value = cache.value(at: key) {
        #expect(value == last[key])
      }
      #expect(cache.count <= max(limit, 2))
    }
    cache.removeAll()
    #expect(cache.count == 0 && last.keys.allSatisfy { cache.value(at: $0) == nil })
  }
}
