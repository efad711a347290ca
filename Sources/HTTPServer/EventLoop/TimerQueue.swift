/// The times at which connections must be checked: a binary heap by time.
///
/// A connection whose deadline moves back, as with every request, is not moved: it is checked too early, and inserted
/// again. So a busy connection costs nothing here.
struct TimerQueue {
  struct Entry {
    let time: MonotonicTime
    let token: Token
  }

  private var heap: [Entry] = []

  var earliest: MonotonicTime { heap.first?.time ?? .never }

  mutating func insert(_ time: MonotonicTime, _ token: Token) {
    heap.append(Entry(time: time, token: token))
    var child = heap.count - 1
    while child > 0, case let parent = (child - 1) / 2, heap[child].time < heap[parent].time {
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Removes and returns the earliest entry, if its time has come.
  mutating func next(until now: MonotonicTime) -> Entry? {
    guard let first = heap.first, first.time <= now else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].time < heap[least].time {
        least = child
      }
      guard least != parent else { return first }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
