internal import Evento
internal import EventoStorage

/// The events of an import.
struct ImportedLog {
  private let target: ImportTarget
  /// The events that the target has and that were not compared yet; `nil` if the export is a part of a log.
  private var present: LogReader?
  /// The number of events of the export so far.
  private(set) var count = 0
  /// The number of those that the target had before.
  private(set) var presentCount = 0

  init(into target: ImportTarget, isWhole: Bool) {
    self.target = target
    present = isWhole ? LogReader(of: target.store) : nil
  }

  /// Adds the next events of the export. Those that the target has already are only compared.
  mutating func add(_ events: [NumberedEvent]) async throws {
    guard present != nil else { return try await append(events) }
    let missing = try await compare(events)
    guard !missing.isEmpty else { return }
    for part in missing.parts {
      let result = try await write(part)
      count += part.count
      // The store appends at the end of its log, wherever that is.
      if let end = result.events.last.flatMap({ LogPosition($0.cursor)?.position }), end != Int64(count) {
        throw targetInUse
      }
    }
  }

  /// Checks that the target has no more events than the export.
  mutating func checkIsAtEnd() async throws {
    guard let next = try await present?.next() else { return }
    throw otherEvents(next.node, "which is after the end of \(target.source.name)")
  }

  // MARK: The whole log

  /// Compares events with those of the target at the same positions.
  ///
  /// - Returns: The events after the last one of the target.
  private mutating func compare(_ events: [NumberedEvent]) async throws -> ArraySlice<NumberedEvent> {
    var erased: [Int] = []
    var index = events.startIndex
    while index < events.endIndex, let found = try await present?.next()?.node {
      let event = events[index].event
      guard found.isCopy(of: event) || found == event.erased else {
        throw otherEvents(found, "which is not that of \(target.source.place(events[index].number))")
      }
      index += 1
      count += 1
      presentCount += 1
      if event.isErased, !found.isErased { erased.append(count) }
    }
    if !erased.isEmpty { try await target.erase(erased, events[index - 1].number) }
    return events[index...]
  }

  private func otherEvents(_ event: Event, _ which: String) -> EventoError {
    EventoError(
      .invalidRequest,
      """
      \(target.name) has the event \(event.id), \(which). Import into an empty database, or one that has only what an \
      earlier run of this import has written.
      """)
  }

  private var targetInUse: EventoError {
    EventoError(
      .internal,
      "Another process writes to \(target.name) during the import. Stop it, and import into an empty database.")
  }

  // MARK: A part of a log

  private mutating func append(_ events: [NumberedEvent]) async throws {
    for part in events[...].parts {
      do {
        if try await write(part).isResend { presentCount += part.count }
      } catch let error as EventoError where error.code == .duplicateEventID {
        try await appendMissing(part)
      }
      count += part.count
    }
  }

  /// Adds the events that the target does not have.
  private mutating func appendMissing(_ events: ArraySlice<NumberedEvent>) async throws {
    var missing: [NumberedEvent] = []
    for event in events {
      guard let found = try await target.store.event(event.event.id)?.node else {
        missing.append(event)
        continue
      }
      guard found == event.event || found == event.event.erased else {
        throw EventoError(
          .duplicateEventID,
          "\(target.name) has the event \(found.id) with other content than \(target.source.place(event.number)).")
      }
      presentCount += 1
    }
    if !missing.isEmpty { _ = try await write(missing[...]) }
  }

  // MARK: Writing

  private func write(_ events: ArraySlice<NumberedEvent>) async throws -> WriteResult {
    let places = target.source.places(events.first?.number ?? 0, events.last?.number ?? 0)
    do {
      return try await target.write(events)
    } catch let error as EventoError where error.code == .invalidOriginalVersion {
      throw EventoError(
        error.code,
        """
        \(places): \(Self.sentence(error.detail)) Earlier events of this aggregate are missing there, or \(target.name) has \
        others.
        """)
    } catch let error as EventoError where [.invalidRequest, .contentTooLarge].contains(error.code) {
      throw EventoError(error.code, "\(places): \(error.detail)")
    }
  }

  /// The first sentence, without the advice to a writer.
  private static func sentence(_ detail: String) -> String {
    detail.replacing(" Reload the aggregate and retry.", with: "")
  }
}

extension ArraySlice<NumberedEvent> {
  /// Parts, each of which is one write.
  fileprivate var parts: [ArraySlice<NumberedEvent>] {
    var parts: [ArraySlice<NumberedEvent>] = []
    var (start, bytes) = (startIndex, 0)
    for index in indices {
      let size = self[index].event.data.bytes.count + self[index].event.metadata.bytes.count
      if index > start, bytes + size > ImportTarget.writeBytes {
        parts.append(self[start..<index])
        (start, bytes) = (index, 0)
      }
      bytes += size
    }
    if start < endIndex { parts.append(self[start...]) }
    return parts
  }
}

/// Reads a log event by event.
struct LogReader {
  private let store: any Executor
  private var page: ArraySlice<Edge<Event>> = []
  private var start = Args.Start.beginning
  private var isAtEnd = false

  init(of store: any Executor) {
    self.store = store
  }

  /// - Returns: The next event; `nil` at the end, and then always.
  mutating func next() async throws -> Edge<Event>? {
    if page.isEmpty, !isAtEnd {
      let result = try await store.read(nil, routingKey: .all, args: .forward(first: 1000, after: start))
      page = result.edges[...]
      isAtEnd = !result.pageInfo.hasNextPage
      if let last = result.edges.last { start = .after(last.cursor) }
    }
    return page.popFirst()
  }
}
