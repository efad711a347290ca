/// The positions of several sources as one run in the order of the log, each position once.
///
/// Each source is read a few positions at a time, from its index alone, so that a page costs what it returns and not
/// what its filters could match.
struct PositionMerge {
  private let connection: Connection
  private let direction: EventSource.Direction
  private var runs: [Run]

  private struct Run {
    let source: EventSource
    /// Positions read and not yet given out, the next one last.
    var positions: [Int64] = []
    var place: Int64
    var batch: Int64
    var isAtEnd = false
  }

  private static let smallestBatch: Int64 = 4
  private static let largestBatch: Int64 = 256

  /// - Parameters:
  ///   - place: only positions behind it (forward) or before it (backward).
  ///   - count: how many are likely to be asked for.
  init(
    _ sources: Set<EventSource>, from place: Int64, _ direction: EventSource.Direction, count: Int,
    on connection: Connection
  ) {
    self.connection = connection
    self.direction = direction
    let share = Int64(count / max(sources.count, 1))
    let batch = min(max(share, Self.smallestBatch), Self.largestBatch)
    runs = sources.map { Run(source: $0, place: place, batch: batch) }
  }

  /// The next position, or `nil` at the end.
  ///
  /// - Complexity: O(*s*) in the number of sources, and a query where one has to be read on.
  mutating func next() throws(SQLiteFailure) -> Int64? {
    var nearest: Int64?
    for index in runs.indices {
      guard let position = try head(of: index) else { continue }
      if let other = nearest, isBefore(other, position) { continue }
      nearest = position
    }
    guard let nearest else { return nil }
    // Two filters may match the same event.
    for index in runs.indices where runs[index].positions.last == nearest { runs[index].positions.removeLast() }
    return nearest
  }

  private func isBefore(_ left: Int64, _ right: Int64) -> Bool {
    direction == .forward ? left < right : left > right
  }

  private mutating func head(of index: Int) throws(SQLiteFailure) -> Int64? {
    if let position = runs[index].positions.last { return position }
    guard !runs[index].isAtEnd else { return nil }
    let run = runs[index]
    let statement = try connection.statement(run.source.query("position", direction))
    defer { statement.reset() }
    try statement.bind(1, run.place)
    try statement.bind(2, run.batch)
    for (number, value) in run.source.parameters.enumerated() { try statement.bind(Int32(number + 3), value) }
    var positions: [Int64] = []
    while try statement.step() { positions.append(statement.integer(0)) }
    runs[index].isAtEnd = positions.count < run.batch
    runs[index].batch = min(run.batch * 2, Self.largestBatch)
    if let last = positions.last { runs[index].place = last }
    positions.reverse()
    runs[index].positions = positions
    return positions.last
  }
}
