/// Merges pages of several members that were read forward.
struct ForwardMerge {
  private var queues: [ArraySlice<Edge<Event>>]
  private let pageHasMore: [Bool]
  private var position: GroupPosition

  /// - Parameter position: The position after which the pages were read.
  init(_ pages: [ReadResult<Event>], _ position: GroupPosition) {
    queues = pages.map { $0.edges[...] }
    pageHasMore = pages.map(\.pageInfo.hasNextPage)
    self.position = position
  }

  /// True if there are events after those taken.
  var hasMore: Bool { pageHasMore.contains(true) || queues.contains { !$0.isEmpty } }

  /// Takes at most `count` events, the oldest first.
  ///
  /// - Complexity: O(*m* *n*) in the numbers of members and of events.
  mutating func next(_ count: Int) throws -> [Edge<Event>] {
    var edges: [Edge<Event>] = []
    while edges.count < count, let index = oldest() {
      let edge = queues[index].removeFirst()
      position.cursors[index] = edge.cursor
      position.owner = index
      edges.append(Edge(cursor: try position.cursor(), node: edge.node))
    }
    return edges
  }

  /// The member whose next event is the oldest; `nil` if there is none, or if a page has run out and its member has
  /// more, because that member's next event is not known then.
  private func oldest() -> Int? {
    guard !queues.indices.contains(where: { queues[$0].isEmpty && pageHasMore[$0] }) else { return nil }
    return queues.indices.filter { !queues[$0].isEmpty }
      .min { (queues[$0].first?.node.timestamp).precedes(queues[$1].first?.node.timestamp) }
  }
}

/// Merges pages of several members that were read backward.
struct BackwardMerge {
  private var queues: [ArraySlice<Edge<Event>>]
  private let pageHasMore: [Bool]

  init(_ pages: [ReadResult<Event>]) {
    queues = pages.map { $0.edges[...] }
    pageHasMore = pages.map(\.pageInfo.hasPreviousPage)
  }

  /// True if there are events before those taken.
  var hasMore: Bool { pageHasMore.contains(true) || queues.contains { !$0.isEmpty } }

  /// Takes at most `count` events, the newest first, and returns them oldest first.
  ///
  /// - Complexity: O(*m* *n*) in the numbers of members and of events.
  mutating func next(_ count: Int) throws -> [Edge<Event>] {
    var edges: [Edge<Event>] = []
    while edges.count < count, let index = newest() {
      let edge = queues[index].removeLast()
      // The events of the others that have not been taken come before this event.
      var position = GroupPosition(queues.map { $0.last?.cursor }, owner: index)
      position.cursors[index] = edge.cursor
      edges.append(Edge(cursor: try position.cursor(), node: edge.node))
    }
    return edges.reversed()
  }

  /// The member whose last event is the newest; `nil` if there is none, or if a page has run out and its member has
  /// more before it.
  private func newest() -> Int? {
    guard !queues.indices.contains(where: { queues[$0].isEmpty && pageHasMore[$0] }) else { return nil }
    return queues.indices.filter { !queues[$0].isEmpty }.reversed()
      .max { (queues[$0].last?.node.timestamp).precedes(queues[$1].last?.node.timestamp) }
  }
}

extension Timestamp? {
  fileprivate func precedes(_ other: Timestamp?) -> Bool {
    guard let self, let other else { return false }
    return self < other
  }
}
