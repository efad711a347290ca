package import Evento

/// The verification of a store through its operations: of a PostgreSQL store, and of one behind a gateway.
///
/// Reads the log page by page, and checks what a reader can check: that each event has its checksum, that positions and
/// versions have no gaps, that payloads are JSON if they should be, and that the cursors of subscribers and snapshots are
/// in history.
package struct ExecutorVerification {
  private let executor: any Executor
  private let eventCount: Int?
  private let progress: @Sendable (Double) -> Void
  private var result = Verification()
  private var digest = LogDigest()
  private var versions: [AggregateKey: Int] = [:]
  /// The number of pages that begin with a damaged event which are passed over.
  private static let maximumDamagedPages = 1000
  private static let page = 1000

  /// - Parameters:
  ///   - eventCount: The number of events, for the progress, if it is known.
  ///   - progress: Called after each page with the completed fraction.
  package init(
    _ executor: any Executor, eventCount: Int? = nil, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) {
    self.executor = executor
    self.eventCount = eventCount
    self.progress = progress
  }

  /// - Throws: ``EventoError`` if the store can't be read, for another reason than damage; `CancellationError`.
  package consuming func run() async throws -> Verification {
    let isWhole = try await readLog()
    if isWhole { result.digest = digest.value() }
    try await checkSubscribers()
    return result
  }

  /// - Returns: True if all of the log could be read.
  private mutating func readLog() async throws -> Bool {
    var start = Args.Start.beginning
    var position: Int64 = 0
    var damagedPages = 0
    while true {
      try Task.checkCancellation()
      let page: ReadResult<Event>
      do {
        page = try await executor.read(nil, routingKey: .all, args: .forward(first: Self.page, after: start))
      } catch let error as EventoError where [.damaged, .internal].contains(error.code) {
        result.report(error.detail)
        damagedPages += 1
        guard let cursor = Damage.cursorAfter(error.detail), damagedPages < Self.maximumDamagedPages else {
          return false
        }
        start = .after(cursor)
        position = LogPosition(cursor)?.position ?? position
        continue
      }
      for edge in page.edges { check(edge, after: &position) }
      guard page.pageInfo.hasNextPage, let last = page.edges.last else { return damagedPages == 0 }
      start = .after(last.cursor)
      if let eventCount, eventCount > 0 { progress(min(Double(result.events) / Double(eventCount), 1)) }
    }
  }

  private mutating func check(_ edge: Edge<Event>, after position: inout Int64) {
    let event = edge.node
    result.events += 1
    result.bytes += event.data.bytes.count + event.metadata.bytes.count
    edge.withView { digest.add($0) }
    // A cursor of another store than those of this package may have no position.
    if let found = LogPosition(edge.cursor)?.position {
      if found != position + 1 { result.report("Event \(found) of the log follows event \(position).") }
      position = found
    }
    if Payload(event.data.bytes).isJSON != event.data.isJSON, !event.isErased {
      result.report("The payload of event \(event.id) is not as its row marks it, as JSON or as bytes.")
    }
    let key = AggregateKey(type: event.aggregatorType, id: event.aggregatorID)
    let version = versions[key, default: 0]
    if event.version != version + 1 {
      result.report(
        "Version \(event.version) of \(event.aggregatorType) \"\(event.aggregatorID)\" follows version \(version).")
    }
    versions[key] = event.version
  }

  private mutating func checkSubscribers() async throws {
    var last: String?
    while true {
      try Task.checkCancellation()
      let page: SubscriberPage
      do {
        page = try await executor.subscribers(first: 1000, after: last)
      } catch let error as EventoError where [.forbidden, .notImplemented].contains(error.code) {
        // A token may be for the log only.
        return
      }
      for subscriber in page.subscribers {
        guard let cursor = subscriber.cursor else { continue }
        try await check(cursor, "The cursor of subscriber \"\(subscriber.key)\"")
      }
      guard page.hasNextPage, let key = page.subscribers.last?.key else { return }
      last = key
    }
  }

  /// Checks that a cursor is in history.
  ///
  /// - Parameter name: The cursor, for people.
  package mutating func check(_ cursor: Cursor, _ name: String) async throws {
    do {
      _ = try await executor.read([], routingKey: .all, args: .forward(first: 0, after: .after(cursor)))
    } catch let error as EventoError where error.code == .cursorNotInHistory {
      result.report("\(name) is not in the log's history.")
    }
  }
}
