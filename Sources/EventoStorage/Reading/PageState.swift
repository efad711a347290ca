package import Evento

/// The maximum size of a page, whatever the read requests.
package struct PageLimits: Sendable {
  package let events: Int
  /// The maximum size of payloads and metadata, in bytes. A larger event is returned alone.
  package let bytes: Int

  /// - Parameter events: Less than 1 counts as 1.
  package init(events: Int, bytes: Int) {
    self.events = max(events, 1)
    self.bytes = bytes
  }
}

/// The direction in which a page is read.
package enum ReadDirection: Int, CaseIterable, Sendable {
  case forward
  case backward

  /// The order of the positions, in SQL.
  package var order: String { self == .forward ? "ASC" : "DESC" }
}

/// The state of a page while it is filled.
package struct PageState {
  /// The number of events for which there is room.
  package private(set) var room: Int
  /// The bytes of payloads and metadata for which there is room.
  private var bytes: Int
  /// The positions of its first and last event, in the order in which they were read.
  package private(set) var first: LogPosition?
  package private(set) var last: LogPosition?
  /// True if there was an event that did not fit.
  package private(set) var hasMore = false

  /// - Parameter count: The number of requested events.
  package init(count: Int, _ limits: PageLimits) {
    room = min(count, limits.events)
    bytes = limits.bytes
  }

  /// Returns whether an event may fit, before its payload is read. If not, the page is complete: the event is left to
  /// the next page.
  package mutating func hasRoom(payloadBytes: Int, isJSON: Bool, in builder: some PageBuilder) -> Bool {
    let fits =
      room > 0
      && (first == nil || payloadBytes <= bytes && builder.hasRoom(payloadBytes: payloadBytes, isJSON: isJSON))
    if !fits { hasMore = true }
    return fits
  }

  /// Completes the page before an event that has not been read, because it does not fit.
  package mutating func end() {
    hasMore = true
  }

  /// Passes an event to a builder, if there is room for it. An event that does not fit is left to the next page, unless
  /// it would be the first.
  package mutating func add(
    _ event: borrowing EventView, at position: LogPosition, to builder: inout some PageBuilder
  ) {
    let size = event.data.count + event.metadata.count
    guard room > 0, size <= bytes || first == nil, builder.add(event) else { return hasMore = true }
    room -= 1
    bytes -= size
    last = position
    if first == nil { first = position }
  }

  /// Returns the information about a page that was read forward.
  ///
  /// - Parameter end: The end of an empty page.
  package func forwardInfo<Failure: Error>(
    emptyEnd end: () throws(Failure) -> LogPosition
  ) throws(Failure) -> PageInfo {
    let last = if let last { last } else { try end() }
    return PageInfo(
      hasPreviousPage: false, hasNextPage: hasMore, startCursor: first?.cursor, endCursor: last.cursor)
  }

  /// The information about a page that was read backward.
  package var backwardInfo: PageInfo {
    PageInfo(hasPreviousPage: hasMore, hasNextPage: false, startCursor: last?.cursor, endCursor: first?.cursor)
  }
}

/// A page of events as values.
package struct EventsBuilder: PageBuilder {
  private var edges: [Edge<Event>] = []
  private let args: Args

  /// - Parameter args: The arguments with which the page is read.
  package init(_ args: Args) {
    self.args = args
  }

  package mutating func add(_ event: borrowing EventView) -> Bool {
    edges.append(Edge(event))
    return true
  }

  package func finish(_ info: PageInfo) -> ReadResult<Event> {
    // Read backward, the events come in the opposite order.
    if case .backward = args { return ReadResult(edges: edges.reversed(), pageInfo: info) }
    return ReadResult(edges: edges, pageInfo: info)
  }
}
