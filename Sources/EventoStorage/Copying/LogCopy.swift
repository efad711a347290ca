internal import Evento

/// The events of a copy.
struct LogCopy {
  private let source: StoreCopy.End
  private let target: StoreCopy.End
  /// The number of events in the target, which are the first ones of the source.
  private(set) var count: Int
  /// The position after them in the source.
  private var position: Args.Start

  /// Finds out how many events of the source the target has.
  ///
  /// - Throws: `invalid_request` if the last event of the target is not that of the source at the same position.
  init(from source: StoreCopy.End, to target: StoreCopy.End) async throws {
    self.source = source
    self.target = target
    let end = try await target.store.read(nil, routingKey: .all, args: .backward(last: 1)).edges.last
    guard let end else {
      (count, position) = (0, .beginning)
      return
    }
    let original = try await source.store.event(end.node.id)
    guard let original, original.position == end.position, end.node.isCopy(of: original.node), let count = end.position
    else {
      throw EventoError(
        .invalidRequest,
        """
        \(target.name) has other events than \(source.name): its last one, \(end.node.id) at position \
        \(end.position ?? 0), is not there. Copy to an empty database, or to an earlier copy of this store.
        """)
    }
    (self.count, position) = (count, .after(original.cursor))
  }

  /// Copies the events of the source up to a position. The next page is read while one is written.
  ///
  /// - Parameters:
  ///   - end: The position. If the target is there already, nothing is copied.
  ///   - progress: Called after each page with the number of events in the target.
  mutating func extend(to end: Int, progress: (Int) -> Void = { _ in }) async throws {
    let source = source
    var page = try await Self.page(of: source, after: position, count: end - count)
    while let last = page.last {
      try Task.checkCancellation()
      let rest = end - count - page.count
      async let next = Self.page(of: source, after: .after(last.cursor), count: rest)
      try await append(page.map(\.node))
      position = .after(last.cursor)
      progress(count)
      page = try await next
    }
    guard count >= end else {
      throw EventoError(
        .internal,
        "\(source.name) is damaged: it refers to event \(end), but has only \(count). Restore its latest backup.")
    }
  }

  private mutating func append(_ events: [Event]) async throws {
    let result: WriteResult
    do {
      result = try await target.store.write(events.map(NewEvent.init(stored:)))
    } catch let error as EventoError where [.invalidOriginalVersion, .duplicateEventID].contains(error.code) {
      throw targetInUse
    }
    count += events.count
    // The store appends at the end of its log, wherever that is.
    let end = result.events.last.flatMap { LogPosition($0.cursor)?.position }
    guard end == Int64(count), !result.isResend else { throw targetInUse }
  }

  private var targetInUse: EventoError {
    EventoError(
      .internal,
      "Another process writes to \(target.name) during the copy. Stop it, and copy to an empty database.")
  }

  /// Reads all events of the target and of the source up to there, and compares them. Events that were erased in the
  /// source after they were copied are erased in the target too.
  ///
  /// - Parameter progress: Called after each page with the number of events that were compared.
  /// - Throws: `internal` if they differ.
  func verify(progress: (Int) -> Void) async throws {
    var verified = 0
    var starts = (original: Args.Start.beginning, copy: Args.Start.beginning)
    while verified < count {
      try Task.checkCancellation()
      let (after, rest) = (starts, count - verified)
      async let originals = Self.page(of: source, after: after.original, count: rest)
      async let copies = Self.page(of: target, after: after.copy, count: rest)
      // The two stores may end a page at different events.
      let pairs = Array(zip(try await originals, try await copies))
      guard let last = pairs.last else {
        throw notACopy("\(target.name) has only \(verified) of the \(count) events of \(source.name)")
      }
      var erased: [Int] = []
      for (original, copy) in pairs {
        verified += 1
        guard original.position == verified, copy.position == verified, copy.node.isCopy(of: original.node) else {
          throw notACopy(
            "Event \(copy.node.id) of \(target.name) is not the one at position \(verified) of \(source.name)")
        }
        if original.node.isErased, !copy.node.isErased { erased.append(verified) }
      }
      if !erased.isEmpty { try await target.store.eraseEvents(at: erased) }
      starts = (.after(last.0.cursor), .after(last.1.cursor))
      progress(verified)
    }
    guard try await target.store.eventCount() == count else { throw targetInUse }
  }

  private func notACopy(_ what: String) -> EventoError {
    EventoError(.internal, "\(what), so this is not a copy. Copy to an empty database again.")
  }

  private static func page(
    of end: StoreCopy.End, after start: Args.Start, count: Int
  ) async throws -> [Edge<Event>] {
    guard count > 0 else { return [] }
    let count = min(count, Args.countRange.upperBound)
    return try await end.store.read(nil, routingKey: .all, args: .forward(first: count, after: start)).edges
  }
}

extension Edge<Event> {
  /// The number of events up to this one in its log.
  fileprivate var position: Int? { LogPosition(cursor).map { Int($0.position) } }
}
