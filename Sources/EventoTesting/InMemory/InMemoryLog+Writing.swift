internal import Evento

extension InMemoryLog {
  /// Checks the whole write, then appends its events: a rejected write changes nothing.
  ///
  /// The order of the checks is that of docs/http-api.md §3.5: resend, the condition's cursor, version, condition.
  mutating func write(
    _ events: [NewEvent], _ condition: WriteCondition?, at time: Timestamp
  ) throws(EventoError) -> WriteResult {
    let resend = resend(of: events)
    if case .stored(let written) = resend { return WriteResult(events: written, isResend: true) }
    let position = try condition?.after.map { cursor throws(EventoError) in try self.position(of: cursor) } ?? 0
    if case .refused(let error) = resend { throw error }
    let heads = try numbered(events)
    if let condition, self.events[position...].contains(where: condition.isBroken(by:)) {
      throw EventoError.conditionFailed()
    }
    let written = zip(events, heads).map { event, head in append(event, head, at: time) }
    return WriteResult(events: written, isResend: false)
  }

  private mutating func append(_ event: NewEvent, _ head: AggregateHead, at time: Timestamp) -> WrittenEvent {
    let stored = Event(
      id: event.id ?? ULID(), aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID,
      version: head.version, name: event.name, routingKey: head.routingKey, data: event.data,
      metadata: event.metadata, timestamp: event.timestamp ?? time)
    return WrittenEvent(Edge(cursor: append(stored), node: stored))
  }

  /// Returns the version and routing key of each event, counting earlier ones of the same write.
  private func numbered(_ events: [NewEvent]) throws(EventoError) -> [AggregateHead] {
    var reached: [AggregateKey: AggregateHead] = [:]
    var heads: [AggregateHead] = []
    for event in events {
      let key = AggregateKey(type: event.aggregatorType, id: event.aggregatorID)
      let stored = head(of: key)
      var head = reached[key] ?? stored
      head.version += 1
      if let given = event.version, given != head.version {
        throw EventoError.versionConflict(on: event, given: given, current: stored.version, next: head.version)
      }
      if case .value(let routingKey) = event.routingKey { head.routingKey = routingKey }
      reached[key] = head
      heads.append(head)
    }
    return heads
  }

  private enum Resend {
    case new
    case stored([WrittenEvent])
    case refused(EventoError)
  }

  private func resend(of events: [NewEvent]) -> Resend {
    let edges = events.map { event in event.id.flatMap(edge(of:)) }
    let isAllStored = edges.allSatisfy { $0 != nil }
    var seen: Set<ULID> = []
    for (event, edge) in zip(events, edges) {
      guard let id = event.id else { continue }
      let isRepeated = !seen.insert(id).inserted
      if isRepeated { return .refused(.duplicateEvent(id, "occurs twice in this write")) }
      guard let edge else { continue }
      guard event.isStored(as: edge.node) else {
        return .refused(.duplicateEvent(id, "is already stored with different content, or its content was erased"))
      }
      if !isAllStored {
        return .refused(.duplicateEvent(id, "is already stored, but other events of this write are not"))
      }
    }
    return isAllStored ? .stored(edges.compactMap { $0.map(WrittenEvent.init) }) : .new
  }
}

extension WriteCondition {
  fileprivate func isBroken(by event: Event) -> Bool {
    failIfEventsMatch.contains { $0.matches(event) }
  }
}

extension WrittenEvent {
  fileprivate init(_ edge: Edge<Event>) {
    let event = edge.node
    self.init(
      id: event.id, aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID, version: event.version,
      routingKey: event.routingKey, timestamp: event.timestamp, cursor: edge.cursor)
  }
}
