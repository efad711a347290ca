/// One read of a group: a page of each member, merged into one.
struct GroupReading {
  let group: ExecutorGroup
  let aggregators: [ReadAggregator]?
  let routingKey: RoutingKey

  // MARK: Forward

  func forward(_ count: Int, _ start: Args.Start) async throws -> ReadResult<Event> {
    let position: GroupPosition
    switch start {
    case .beginning: position = GroupPosition(memberCount: group.members.count)
    case .after(let cursor): position = try GroupPosition(cursor, memberCount: group.members.count)
    case .now: return try await now()
    }
    let pages = try await pages { index in
      .forward(first: count, after: position.cursors[index].map { .after($0) } ?? .beginning)
    }
    var merge = ForwardMerge(pages, position)
    let edges = try merge.next(count)
    let end: Cursor
    if let last = edges.last {
      end = last.cursor
    } else if count == 0 {
      // The start of the read: the given position, or the beginning of the first member, which is the beginning of all.
      if case .after(let cursor) = start { end = cursor } else { end = try beginning(pages[0]) }
    } else {
      end = try GroupPosition(pages.map(\.pageInfo.endCursor)).cursor()
    }
    return ReadResult(
      edges: edges,
      pageInfo: PageInfo(
        hasPreviousPage: false, hasNextPage: merge.hasMore, startCursor: edges.first?.cursor, endCursor: end))
  }

  private func now() async throws -> ReadResult<Event> {
    let pages = try await pages { _ in .forward(first: 0, after: .now) }
    let end = try GroupPosition(pages.map(\.pageInfo.endCursor)).cursor()
    return ReadResult(
      edges: [], pageInfo: PageInfo(hasPreviousPage: false, hasNextPage: false, startCursor: nil, endCursor: end))
  }

  private func beginning(_ page: ReadResult<Event>) throws -> Cursor {
    var position = GroupPosition(memberCount: group.members.count)
    position.cursors[0] = page.pageInfo.endCursor
    return try position.cursor()
  }

  private func pages(
    _ args: @escaping @Sendable (Int) -> Args
  ) async throws -> [ReadResult<Event>] {
    try await group.fromEach(of: group.members.indices) { [aggregators, routingKey] index, member throws in
      try await member.read(aggregators, routingKey: routingKey, args: args(index))
    }
  }

  // MARK: Backward

  func backward(_ count: Int, _ before: Cursor?) async throws -> ReadResult<Event> {
    let pages: [ReadResult<Event>]
    if let before {
      let position = try GroupPosition(before, memberCount: group.members.count)
      pages = try await group.fromEach(of: group.members.indices) { index, member throws in
        guard let cursor = position.cursors[index] else { return .nothing }
        return position.owner == index
          ? try await member.read(aggregators, routingKey: routingKey, args: .backward(last: count, before: cursor))
          : try await page(count, upTo: cursor, in: member)
      }
    } else {
      pages = try await self.pages { _ in .backward(last: count) }
    }
    var merge = BackwardMerge(pages)
    let edges = try merge.next(count)
    return ReadResult(
      edges: edges,
      pageInfo: PageInfo(
        hasPreviousPage: merge.hasMore, hasNextPage: false, startCursor: edges.first?.cursor,
        endCursor: edges.last?.cursor))
  }

  /// Returns the last events of a member up to a position, including the event at that position.
  private func page(
    _ count: Int, upTo cursor: Cursor, in member: any Executor
  ) async throws -> ReadResult<Event> {
    var page = try await member.read(
      aggregators, routingKey: routingKey, args: .backward(last: max(count, 1), before: cursor))
    // The event at the position is the next one after those before it, unless that one is after the position too. Read
    // in this order, because another event may commit in between.
    let start = page.edges.last.map { Args.Start.after($0.cursor) } ?? .beginning
    let next = try await member.read(aggregators, routingKey: routingKey, args: .forward(first: 1, after: start))
    let behind = try await member.read(
      aggregators, routingKey: routingKey, args: .forward(first: 1, after: .after(cursor)))
    if let edge = next.edges.first, edge.node.id != behind.edges.first?.node.id { page.edges.append(edge) }
    if page.edges.count > count {
      page.edges.removeFirst(page.edges.count - count)
      page.pageInfo.hasPreviousPage = true
    }
    return page
  }
}

extension ReadResult {
  /// A page of a member that has nothing to read.
  static var nothing: ReadResult {
    ReadResult(
      edges: [], pageInfo: PageInfo(hasPreviousPage: false, hasNextPage: false, startCursor: nil, endCursor: nil))
  }
}
