import Evento
import EventoTesting
import Testing

@Suite struct GroupReadingTests {
  @Test func membersAreMergedByTimeAndThenInTheirOrder() async throws {
    let stores = ThreeStores()
    let written = [
      try await stores.write(to: 2, at: 1), try await stores.write(to: 0, at: 2), try await stores.write(to: 1, at: 2),
      try await stores.write(to: 2, at: 2), try await stores.write(to: 0, at: 3), try await stores.write(to: 2, at: 9),
    ]
    for count in 1...7 {
      #expect(try await stores.group.forward(pageOf: count).map(\.node.id) == written)
      #expect(try await stores.group.backward(pageOf: count).map(\.node.id) == written)
    }
  }

  /// Whatever the clocks say: from any position on, forward and backward together are everything, and each member's events
  /// are in the member's order.
  @Test(arguments: [true, false], [1, 2, 7]) func aPositionDividesTheLogInTwo(inOrder: Bool, count: Int) async throws {
    let stores = ThreeStores()
    try await stores.fill(40, inOrder: inOrder, seed: UInt64(count))
    let contents = try await stores.contents()
    let all = Set(contents.joined())
    func isInOrder(_ edges: [Edge<Event>]) -> Bool {
      contents.allSatisfy { ids in
        let found = edges.map(\.node.id).filter(Set(ids).contains)
        return found == ids.filter(Set(found).contains)
      }
    }
    let forward = try await stores.group.forward(pageOf: count)
    let backward = try await stores.group.backward(pageOf: count)
    #expect(forward.count == 40 && Set(forward.map(\.node.id)) == all && isInOrder(forward))
    #expect(backward.count == 40 && Set(backward.map(\.node.id)) == all && isInOrder(backward))
    if inOrder { #expect(forward.map(\.node.id) == backward.map(\.node.id)) }
    for log in [forward, backward] {
      for (index, edge) in log.enumerated() {
        let behind = try await stores.group.forward(pageOf: count, after: .after(edge.cursor))
        let before = try await stores.group.backward(pageOf: count, before: edge.cursor)
        #expect(Set(behind.map(\.node.id)) == Set(log[(index + 1)...].map(\.node.id)))
        #expect(Set(before.map(\.node.id)) == Set(log[..<index].map(\.node.id)))
        #expect(behind.count + before.count == 39)
        #expect(isInOrder(behind) && isInOrder(before))
      }
    }
  }

  @Test func flagsAreExact() async throws {
    let stores = ThreeStores()
    for number in 0..<5 { try await stores.write(to: number % 3, at: Int64(number)) }
    for count in 0...6 {
      let forward = try await stores.group.read(nil, routingKey: .all, args: .forward(first: count))
      #expect(forward.edges.count == min(count, 5))
      #expect(forward.pageInfo.hasNextPage == (count < 5) && !forward.pageInfo.hasPreviousPage)
      let backward = try await stores.group.read(nil, routingKey: .all, args: .backward(last: count))
      #expect(backward.edges.count == min(count, 5))
      #expect(backward.pageInfo.hasPreviousPage == (count < 5) && !backward.pageInfo.hasNextPage)
    }
    let forward = try await stores.group.forward()
    for (index, edge) in forward.enumerated() {
      for count in 0...5 {
        let behind = try await stores.group.read(
          nil, routingKey: .all, args: .forward(first: count, after: .after(edge.cursor)))
        #expect(behind.pageInfo.hasNextPage == (count < 4 - index))
        let before = try await stores.group.read(
          nil, routingKey: .all, args: .backward(last: count, before: edge.cursor))
        #expect(before.edges.count == min(count, index))
        #expect(before.pageInfo.hasPreviousPage == (count < index))
      }
    }
  }

  @Test func anEventThatComesLateInAnyMemberIsSeenOnce() async throws {
    let stores = ThreeStores()
    try await stores.fill(12, inOrder: true, seed: 1)
    var seen = try await stores.group.forward(pageOf: 5)
    var start = Args.Start.after(try #require(seen.last).cursor)
    for round in 0..<9 {
      // Older than all that was read.
      let late = try await stores.write(to: round % 3, at: Int64(9 - round))
      let page = try await stores.group.read(nil, routingKey: .all, args: .forward(first: 5, after: start))
      #expect(page.edges.map(\.node.id) == [late])
      seen += page.edges
      start = .after(try #require(page.pageInfo.endCursor))
    }
    #expect(Set(seen.map(\.node.id)).count == 21)
  }

  @Test func filtersAndRoutingKeysAreThoseOfEachMember() async throws {
    let stores = ThreeStores()
    try await stores.fill(60, inOrder: false, seed: 4)
    var all: [Event] = []
    for member in stores.members { all += try await member.forward().map(\.node) }
    let filters: [[ReadAggregator]?] = [
      nil, [], [ReadAggregator("t", name: "N1")], [ReadAggregator("t", id: "m2"), ReadAggregator("t", name: "N0")],
      [ReadAggregator("absent")],
    ]
    for aggregators in filters {
      for key in [RoutingKey.all, .value(nil), .value("eu")] {
        let expected = Set(
          all.filter { event in
            key.matches(event) && (aggregators?.contains { $0.matches(event) } ?? true)
          }.map(\.id))
        for count in [2, 9, 100] {
          let forward = try await stores.group.forward(aggregators, key, pageOf: count)
          let backward = try await stores.group.backward(aggregators, key, pageOf: count)
          #expect(forward.count == expected.count && Set(forward.map(\.node.id)) == expected)
          #expect(backward.count == expected.count && Set(backward.map(\.node.id)) == expected)
          // The position of an event that was read with a filter divides what matches.
          if let middle = forward.dropFirst(forward.count / 2).first {
            let before = try await stores.group.backward(aggregators, key, pageOf: count, before: middle.cursor)
            #expect(Set(before.map(\.node.id)) == Set(forward.prefix(forward.count / 2).map(\.node.id)))
          }
        }
      }
    }
  }

  @Test func whatCommitsAfterNowIsSeenInEveryMember() async throws {
    let stores = ThreeStores()
    try await stores.fill(9, inOrder: true, seed: 2)
    for count in [0, 1, 10] {
      let now = try await stores.group.read(nil, routingKey: .all, args: .forward(first: count, after: .now))
      #expect(now.edges.isEmpty && !now.pageInfo.hasNextPage)
      var written: Set<ULID> = []
      for member in 0..<3 { written.insert(try await stores.write(to: member, at: 0)) }
      let end = try #require(now.pageInfo.endCursor)
      #expect(Set(try await stores.group.forward(pageOf: 2, after: .after(end)).map(\.node.id)) == written)
    }
  }

  @Test func aFilterThatMatchesNothingMovesOnInEveryMember() async throws {
    let stores = ThreeStores()
    try await stores.fill(9, inOrder: true, seed: 2)
    let page = try await stores.group.read([ReadAggregator("absent")], routingKey: .all, args: .forward())
    let end = try #require(page.pageInfo.endCursor)
    #expect(try await stores.group.forward(after: .after(end)).isEmpty)
    let late = try await stores.write(to: 1, at: 0)
    #expect(try await stores.group.forward(after: .after(end)).map(\.node.id) == [late])
  }

  @Test func smallPagesOfTheMembersMakeSmallPagesOfTheGroup() async throws {
    let inOrder = ThreeStores(limits: InMemoryExecutor.PageLimits(events: 2))
    try await inOrder.fill(50, inOrder: true, seed: 8)
    // Where a member's page ends, what it has next may be older than all that the others have still to give.
    for log in [try await inOrder.group.forward(pageOf: 65535), try await inOrder.group.backward(pageOf: 65535)] {
      #expect(log.count == 50)
      #expect(zip(log, log.dropFirst()).allSatisfy { $0.node.timestamp <= $1.node.timestamp })
    }
    let stores = ThreeStores(limits: InMemoryExecutor.PageLimits(events: 2))
    try await stores.fill(50, inOrder: false, seed: 8)
    let forward = try await stores.group.forward(pageOf: 65535)
    let backward = try await stores.group.backward(pageOf: 65535)
    #expect(forward.count == 50 && Set(forward.map(\.node.id)).count == 50)
    #expect(backward.count == 50 && Set(backward.map(\.node.id)).count == 50)
  }

  @Test func readersMissNothingWhileEveryMemberIsWritten() async throws {
    let stores = ThreeStores()
    let group = stores.group
    let views = try await withThrowingTaskGroup(of: [ULID]?.self) { tasks in
      for writer in 0..<9 {
        let store = stores.members[writer % 3]
        tasks.addTask {
          let clock = SkewedClock(seed: UInt64(writer))
          for _ in 0..<20 {
            try await store.write([
              NewEvent(aggregatorType: "t", aggregatorID: "w\(writer)", name: "n", timestamp: clock.next())
            ])
            await Task.yield()
          }
          return nil
        }
      }
      for reader in 0..<3 {
        tasks.addTask {
          var seen: [ULID] = []
          var start = Args.Start.beginning
          while seen.count < 180 {
            let page = try await group.read(nil, routingKey: .all, args: .forward(first: 3 + reader * 9, after: start))
            seen += page.edges.map(\.node.id)
            start = .after(try #require(page.pageInfo.endCursor))
            await Task.yield()
          }
          #expect(try await group.forward(after: start).isEmpty)
          return seen
        }
      }
      return try await tasks.reduce(into: [[ULID]]()) { if let view = $1 { $0.append(view) } }
    }
    #expect(views.count == 3)
    for view in views { #expect(Set(view).count == 180 && view.count == 180) }
  }
}
