/// One page of a read, always oldest to newest.
public struct ReadResult<Node: Sendable>: Sendable {
  public var edges: [Edge<Node>]
  public var pageInfo: PageInfo

  public init(edges: [Edge<Node>], pageInfo: PageInfo) {
    self.edges = edges
    self.pageInfo = pageInfo
  }
}

/// Something at a place in the log.
public struct Edge<Node: Sendable>: Sendable {
  public var cursor: Cursor
  public var node: Node

  public init(cursor: Cursor, node: Node) {
    self.cursor = cursor
    self.node = node
  }
}

extension Edge: Equatable where Node: Equatable {}
extension ReadResult: Equatable where Node: Equatable {}

/// Where a page stands among the matching events.
public struct PageInfo: Sendable, Hashable {
  /// Exact on a page read backward, `false` on one read forward.
  public var hasPreviousPage: Bool
  /// Exact on a page read forward, `false` on one read backward.
  public var hasNextPage: Bool
  /// The cursor of the first edge, if there is one.
  public var startCursor: Cursor?
  /// The cursor of the last edge. On an empty page read forward, the place up to which the log was read, so that a
  /// reader goes on from it and misses nothing.
  public var endCursor: Cursor?

  public init(hasPreviousPage: Bool, hasNextPage: Bool, startCursor: Cursor?, endCursor: Cursor?) {
    self.hasPreviousPage = hasPreviousPage
    self.hasNextPage = hasNextPage
    self.startCursor = startCursor
    self.endCursor = endCursor
  }
}
