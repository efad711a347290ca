/// One page of a read, always oldest to newest.
public struct ReadResult<Node: Sendable>: Sendable {
  public var edges: [Edge<Node>]
  public var pageInfo: PageInfo

  public init(edges: [Edge<Node>], pageInfo: PageInfo) {
    self.edges = edges
    self.pageInfo = pageInfo
  }
}

/// An item at a position in the log.
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

/// The position of a page among the matching events.
public struct PageInfo: Sendable, Hashable {
  /// True if there are earlier events. Exact on a backward page, `false` on a forward page.
  public var hasPreviousPage: Bool
  /// True if there are more events. Exact on a forward page, `false` on a backward page.
  public var hasNextPage: Bool
  /// The cursor of the first edge, if there is one.
  public var startCursor: Cursor?
  /// The cursor of the last edge. On an empty forward page, the position up to which the log was read, so that a reader
  /// continues from there and misses nothing.
  public var endCursor: Cursor?

  public init(hasPreviousPage: Bool, hasNextPage: Bool, startCursor: Cursor?, endCursor: Cursor?) {
    self.hasPreviousPage = hasPreviousPage
    self.hasNextPage = hasNextPage
    self.startCursor = startCursor
    self.endCursor = endCursor
  }
}
