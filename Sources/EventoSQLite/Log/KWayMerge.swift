internal import EventoStorage

/// Merges the positions of several scans in the order of the log, each position once
/// (https://en.wikipedia.org/wiki/K-way_merge_algorithm).
///
/// Each scan is read a few positions at a time, from its index alone, so that the cost of a page depends on the events
/// that it returns, not on all events that its filters match.
struct KWayMerge {
  private let connection: Connection
  private let direction: ReadDirection
  private var runs: [Run]
  /// The runs that have a next position, as a binary heap with the nearest position first. Created for the first
  /// position.
  private var heap: [Int]?
  /// The last position that was returned.
  private var last: Int64?

  private struct Run {
    let scan: IndexScan
    /// The positions that were read but not returned yet, the next one last. More are read as soon as none is left.
    var positions: [Int64] = []
    var position: Int64
    var batch: Int64
    var isAtEnd = false
  }

  private static let smallestBatch: Int64 = 4
  private static let largestBatch: Int64 = 256

  /// - Parameters:
  ///   - position: Only positions after it (forward) or before it (backward) are returned.
  ///   - count: The number of positions that are likely to be read.
  init(
    _ scans: Set<IndexScan>, from position: Int64, _ direction: ReadDirection, count: Int,
    on connection: Connection
  ) {
    self.connection = connection
    self.direction = direction
    let share = Int64(count / max(scans.count, 1))
    let batch = min(max(share, Self.smallestBatch), Self.largestBatch)
    runs = scans.map { Run(scan: $0, position: position, batch: batch) }
  }

  /// Returns the next position; `nil` at the end.
  ///
  /// - Complexity: O(log *s*) in the number of scans, O(*s*) the first time; plus a query if a scan must be read
  ///   further.
  mutating func next() throws(SQLiteFailure) -> Int64? {
    // Moved out, so that it is changed in place.
    var heap: [Int]
    if let known = self.heap { heap = known } else { heap = try makeHeap() }
    self.heap = nil
    defer { self.heap = heap }
    guard let first = heap.first, let nearest = runs[first].positions.last else { return nil }
    // Two filters may match the same event.
    while let index = heap.first, runs[index].positions.last == nearest {
      runs[index].positions.removeLast()
      if try head(of: index) == nil {
        heap[0] = heap[heap.count - 1]
        heap.removeLast()
      }
      siftDown(0, in: &heap)
    }
    // Otherwise, an index is damaged.
    if let last, !isBefore(last, nearest) { throw SQLiteFailure(.index) }
    last = nearest
    return nearest
  }

  private mutating func makeHeap() throws(SQLiteFailure) -> [Int] {
    var heap: [Int] = []
    for index in runs.indices where try head(of: index) != nil { heap.append(index) }
    for parent in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(parent, in: &heap) }
    return heap
  }

  private func siftDown(_ parent: Int, in heap: inout [Int]) {
    var parent = parent
    while true {
      var nearest = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isNearer(heap[child], heap[nearest]) {
        nearest = child
      }
      guard nearest != parent else { return }
      heap.swapAt(parent, nearest)
      parent = nearest
    }
  }

  private func isNearer(_ left: Int, _ right: Int) -> Bool {
    guard let left = runs[left].positions.last, let right = runs[right].positions.last else { return false }
    return isBefore(left, right)
  }

  private func isBefore(_ left: Int64, _ right: Int64) -> Bool {
    direction == .forward ? left < right : left > right
  }

  private mutating func head(of index: Int) throws(SQLiteFailure) -> Int64? {
    if let position = runs[index].positions.last { return position }
    guard !runs[index].isAtEnd else { return nil }
    let run = runs[index]
    var positions: [Int64] = []
    if let aggregate = FilteredAggregate(run.scan, direction, on: connection) {
      positions = try aggregate.positions(from: run.position, limit: run.batch)
      runs[index].isAtEnd = positions.isEmpty
    } else if run.scan.selection == .postingList, let list = run.scan.first {
      positions = try Posting.positions(of: list, from: run.position, direction, limit: run.batch, on: connection)
      runs[index].isAtEnd = positions.count < run.batch
    } else if let query = run.scan.query(.positions, direction) {
      let statement = try connection.statement(query)
      defer { statement.reset() }
      try run.scan.bind(to: statement, from: run.position, limit: run.batch)
      while try statement.step() { positions.append(statement.integer(0)) }
      runs[index].isAtEnd = positions.count < run.batch
    }
    runs[index].batch = min(run.batch * 2, Self.largestBatch)
    if let last = positions.last { runs[index].position = last }
    positions.reverse()
    runs[index].positions = positions
    return positions.last
  }
}
