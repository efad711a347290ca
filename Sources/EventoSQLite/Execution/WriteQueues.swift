internal import DequeModule

/// The writes that wait for a commit, in queues by their cost, so that many large ones do not delay the small ones.
///
/// Each commit takes writes of one queue. Every other commit takes the small ones, if there are any, so that a small
/// write waits for one commit and is in the next one, whatever else waits.
struct WriteQueues {
  typealias WriteJob = Writer.WriteJob

  /// The queues. That of small writes comes first.
  private var queues = Array(repeating: Deque<WriteJob>(), count: limits.count + 1)
  private var last = limits.count
  private var lastLargeQueue = limits.count

  /// The maximum cost in each queue except the last: about eight events, and a hundred.
  private static let limits = [32 << 10, 512 << 10]
  /// The maximum number of writes in a commit, so that the first of them does not wait too long.
  private static let commitLimit = 512
  /// The maximum size of a commit in bytes, unless its first write alone is larger, so that no commit makes the
  /// write-ahead log long.
  private static let commitBytes = 8 << 20

  var count: Int { queues.reduce(0) { $0 + $1.count } }

  mutating func append(_ job: WriteJob) {
    queues[Self.queue(of: job)].append(job)
  }

  private static func queue(of job: WriteJob) -> Int {
    limits.firstIndex { job.cost <= $0 } ?? limits.count
  }

  /// Removes the writes of the next commit; empty if none waits.
  mutating func next() -> [WriteJob] {
    let others = (1...Self.limits.count).map { (lastLargeQueue + $0 - 1) % Self.limits.count + 1 }
    let order = last == 0 ? others + [0] : [0] + others
    guard let queue = order.first(where: { !queues[$0].isEmpty }) else { return [] }
    last = queue
    if queue > 0 { lastLargeQueue = queue }
    var bytes = 0
    let jobs = Array(
      queues[queue].prefix(Self.commitLimit).prefix { job in
        defer { bytes += job.bytes }
        return bytes == 0 || bytes + job.bytes <= Self.commitBytes
      })
    queues[queue].removeFirst(jobs.count)
    return jobs
  }

  /// Puts writes of the same commit back at the head of their queue.
  mutating func putBack(_ jobs: ArraySlice<WriteJob>) {
    guard let first = jobs.first else { return }
    queues[Self.queue(of: first)].prepend(contentsOf: jobs)
  }

  /// Removes all writes.
  mutating func removeAll() -> [WriteJob] {
    defer { self = WriteQueues() }
    return queues.flatMap { $0 }
  }
}
