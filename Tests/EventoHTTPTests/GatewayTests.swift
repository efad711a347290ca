import Evento
import EventoGateway
import EventoHTTP
import EventoSQLite
import Testing

/// Against a real gateway over SQLite, through one and through two of them.
@Suite struct GatewayTests {
  @Test(arguments: [1, 2]) func whatIsWrittenIsReadAsItWas(_ gateways: Int) async throws {
    try await withStore(behind: gateways) { store, executor in
      let payloads = [
        Payload(#"{"amount":1.10,"big":123456789012345678901234567890,"a":"\ud800"}"#), Payload(),
        Payload([0, 255, 10, 13]), Payload("null"), Payload(" 1"), Payload(#""💶 \u0000""#),
      ]
      let events = payloads.enumerated().map { number, data in
        var event = NewEvent.sample("a/\(number % 2)")
        event.data = data
        event.routingKey = number == 0 ? .value("r/1") : .inherited
        return event
      }
      let result = try await executor.write(events)
      #expect(result.events.count == events.count && !result.isResend)
      let direct = try await store.read(nil, routingKey: .all, args: .forward())
      let page = try await executor.read(nil, routingKey: .all, args: .forward())
      #expect(page == direct)
      #expect(page.edges.map(\.node.data) == payloads)
      #expect(page.edges.map(\.cursor) == result.events.map(\.cursor))
      for edge in page.edges {
        let found = try await executor.event(edge.node.id)
        #expect(found == edge)
      }
      let filters = [ReadAggregator("bank/Account", id: "a/1"), ReadAggregator("bank/Account", name: "Nothing")]
      for args in [Args.forward(first: 2), .backward(last: 1), .forward(first: 0, after: .now)] {
        for key in [RoutingKey.all, .value(nil), .value("r/1")] {
          let direct = try await store.read(filters, routingKey: key, args: args)
          let page = try await executor.read(filters, routingKey: key, args: args)
          #expect(page == direct)
        }
      }
    }
  }

  @Test(arguments: [1, 2]) func compressedPagesAndStreamsHaveTheSameEvents(_ gateways: Int) async throws {
    try await withStore(behind: gateways, testConfiguration { $0.acceptsCompression = true }) { store, executor in
      func write(_ numbers: Range<Int>) async throws {
        try await store.write(
          numbers.map { number in
            var event = NewEvent.sample("a/\(number)")
            event.data = Payload("{\"text\":\"\(String(repeating: "\(number) ", count: 200))\"}")
            return event
          })
      }
      try await write(0..<500)
      let direct = try await store.read(nil, routingKey: .all, args: .forward(first: 500))
      let page = try await executor.read(nil, routingKey: .all, args: .forward(first: 500))
      #expect(page == direct)
      var read = 0
      for try await edge in executor.follow() {
        if read < 500 { #expect(edge == direct.edges[read]) }
        read += 1
        // From here on, each of them is live.
        if read >= 500, read < 505 { try await write(read..<read + 1) }
        if read == 505 { break }
      }
      #expect(read == 505)
    }
  }

  @Test(arguments: [1, 2]) func subscribersAndSnapshotsAreWhatTheStoreHas(_ gateways: Int) async throws {
    try await withStore(behind: gateways) { store, executor in
      let cursor = try await executor.write([.sample()]).events[0].cursor
      for key in ["readers", "a/b", "..", "é ?#%2F", "+"] {
        let (first, second) = (ULID(), ULID())
        let new = try await executor.upsertSubscriber(key, workerID: first)
        let taken = try await executor.upsertSubscriber(key, workerID: second)
        #expect(new.isNew && !taken.isNew && taken.subscriber.workerID == second)
        let isRunning = try await (
          executor.isSubscriberRunning(key, workerID: first), executor.isSubscriberRunning(key, workerID: second)
        )
        #expect(isRunning == (false, true))
        let acknowledged = try await executor.acknowledge(key, cursor: cursor, lag: 3, workerID: second)
        let stored = try await store.subscriber(key)
        #expect(acknowledged == stored && stored?.cursor == cursor && stored?.lag == 3)
        let position = try await executor.getSubscriberCursor(key)
        #expect(position == cursor)
        let disabled = try await executor.setSubscriberEnabled(key, false)
        #expect(!disabled.isEnabled)
      }
      let all = try await executor.subscribers()
      let stored = try await store.subscribers()
      #expect(all == stored && all.count == 5)
      for (first, after) in [(2, nil), (1, all[0].key), (2, all[2].key), (1000, all[4].key), (1, "a+b&c=%é")] {
        let (page, direct) = try await (
          executor.subscribers(first: first, after: after), store.subscribers(first: first, after: after)
        )
        #expect(page == direct)
      }
      try await executor.deleteSubscriber("a/b")
      let gone = try await store.subscriber("a/b")
      #expect(gone == nil)

      for key in [
        SnapshotKey(type: "bank/Account", revision: "1", id: "a"), SnapshotKey(type: "..", revision: ".", id: "../x"),
      ] {
        let snapshot = Snapshot(data: Payload([1, 2, 3]), cursor: cursor)
        try await executor.saveSnapshot(key, snapshot)
        let (direct, read) = try await (store.getSnapshot(key), executor.getSnapshot(key))
        #expect(direct == snapshot && read == snapshot)
        try await executor.deleteSnapshot(key)
        let gone = try await executor.getSnapshot(key)
        #expect(gone == nil)
      }
      try await executor.checkReadiness()
    }
  }

  /// Nobody can tell whether an error came from SQLite or across one wire or two.
  @Test(arguments: [1, 2]) func errorsAreTheStores(_ gateways: Int) async throws {
    let other = try await SQLiteExecutor.open(":memory:")
    let foreign = try await other.write([.sample()]).events[0].cursor
    await other.close()
    let id = ULID()
    try await withStore(behind: gateways) { store, executor in
      try await store.write([.sample(id: id)])
      try await store.upsertSubscriber("held", workerID: ULID())
      for call in RefusedCall.allCases {
        let direct = await failure { () throws in try await call.make(on: store, id, foreign) }
        let across = await failure { () throws in try await call.make(on: executor, id, foreign) }
        #expect(direct != nil && across == direct, "\(call)")
      }
      let count = try await store.eventCount()
      #expect(count == 1)
    }
  }

  @Test func theWriteOfALostResponseIsThereOnceWhereverItWasCut() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    try await withGateway(over: store) { baseURL in
      let upstream = try #require(UInt16(baseURL.split(separator: ":").last ?? ""))
      var offset = 0
      var isCut = true
      while isCut {
        let proxy = try CuttingProxy(to: upstream, cutAt: offset)
        let executor = try HTTPExecutor(baseURL: proxy.server.baseURL, configuration: testConfiguration())
        let result = try await executor.write([.sample("a-\(offset)", version: 1), .sample("b-\(offset)", version: 1)])
        let stored = try await store.read(nil, routingKey: .all, args: .backward(last: 2))
        #expect(stored.edges.map(\.node.id) == result.events.map(\.id), "cut at \(offset)")
        #expect(stored.edges.map(\.cursor) == result.events.map(\.cursor), "cut at \(offset)")
        #expect(!result.isResend, "cut at \(offset)")
        await executor.close()
        proxy.server.stop()
        isCut = proxy.hasCut
        offset += 1
      }
      let count = try await store.eventCount()
      #expect(count == 2 * offset && offset > 500)
    }
    await store.close()
  }

  /// Who gave up after one try, and commits again.
  @Test func theCommitOfALostResponseIsThereOnce() async throws {
    enum Account: Aggregate { static let aggregatorType = "bank/Account" }
    struct Opened: AggregateEvent {
      typealias Aggregate = Account
      var owner: String
    }
    let store = try await SQLiteExecutor.open(":memory:")
    try await withGateway(over: store) { baseURL in
      let upstream = try #require(UInt16(baseURL.split(separator: ":").last ?? ""))
      let proxy = try CuttingProxy(to: upstream, cutAt: 0)
      let executor = try HTTPExecutor(
        baseURL: proxy.server.baseURL, configuration: testConfiguration { $0.retry = .never })
      let opening = Account.create().event(Opened(owner: "Ada")).requestedBy("teller")
        .and(Account.create().event(Opened(owner: "Bob")))
      let error = await failure { () throws in try await opening.commit(to: executor) }
      #expect(error?.code == .unavailable && error?.isTransient == true)
      let commit = try await opening.commit(to: executor)
      let stored = try await store.read()
      #expect(stored.edges.map(\.node.id) == commit.events.map(\.id))
      #expect(stored.edges.map(\.cursor) == commit.events.map(\.cursor))
      await executor.close()
      proxy.server.stop()
    }
    await store.close()
  }

  @Test(arguments: [9 << 20, 17 << 20]) func aRejectedSizeIsReported(_ size: Int) async throws {
    try await withStore { store, executor in
      let event = NewEvent.sample(data: "\"" + String(repeating: "x", count: size) + "\"")
      let error = await failure { () throws in try await executor.write([event]) }
      #expect(error?.code == .contentTooLarge)
      try await executor.write([.sample()])
      let count = try await store.eventCount()
      #expect(count == 1)
    }
  }

  @Test func aPathBeforeTheGatewayIsKept() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    try await withGateway(over: store, { $0.basePath = "/evento/v1" }) { baseURL in
      let executor = try HTTPExecutor(baseURL: baseURL + "/evento/v1/", configuration: testConfiguration())
      try await executor.write([.sample()])
      let count = try await store.eventCount()
      #expect(count == 1)
      await executor.close()
      let astray = try HTTPExecutor(baseURL: baseURL, configuration: testConfiguration())
      let error = await failure { () throws in try await astray.write([.sample()]) }
      #expect(error?.code == .notFound)
      await astray.close()
    }
    await store.close()
  }

  @Test func tokensAreShownAndRefused() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    let token = TokenSet.makeToken()
    let tokens = try TokenSet(file: TokenSet.line(name: "reader", role: .read, token: token))
    try await withGateway(over: store, { $0.tokens = tokens }) { baseURL in
      for (shown, readError, writeError) in [
        (token, nil, EventoError.Code.forbidden), ("wrong", .unauthorized, .unauthorized),
        (nil, .unauthorized, .unauthorized),
      ] as [(String?, EventoError.Code?, EventoError.Code)] {
        let executor = try HTTPExecutor(baseURL: baseURL, configuration: testConfiguration { $0.token = shown })
        let read = await failure { () throws in
          _ = try await executor.read(nil, routingKey: .all, args: .forward())
        }
        #expect(read?.code == readError)
        let write = await failure { () throws in try await executor.write([.sample()]) }
        #expect(write?.code == writeError)
        await executor.close()
      }
    }
    await store.close()
  }

  @Test func manyTasksWriteAndReadAtOnce() async throws {
    try await withStore { store, executor in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<200 {
          group.addTask {
            for number in 1...5 {
              let written = try await executor.write([.sample("a-\(task)", version: number)])
              let page = try await executor.read(
                [ReadAggregator("bank/Account", id: "a-\(task)")], routingKey: .all, args: .backward(last: 1))
              #expect(page.edges.first?.cursor == written.events[0].cursor)
            }
          }
        }
        try await group.waitForAll()
      }
      let count = try await store.eventCount()
      #expect(count == 1000)
    }
  }
}
