import Evento
import EventoGateway
import EventoSQLite
import HTTPServer
import Synchronization
import TestSupport
import Testing

/// docs/http-api.md §8.
@Suite struct ServiceTests {
  @Test func tellsThatItServesAndCanWrite() async throws {
    try await withGateway { client in
      #expect(try await client.send("GET", "/healthz").json["status"] == "ok")
      let ready = try await client.send("GET", "/readyz")
      #expect(ready.status == 200)
      #expect(try ready.json == .object(["status": "ok", "checks": .object(["store": "ok"])]))
    }
  }

  @Test func tellsThatItCanNotWrite() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    await store.close()
    try await withGateway(over: store) { client in
      let ready = try await client.send("GET", "/readyz")
      #expect(ready.status == 503)
      #expect(ready["Retry-After"] == "1")
      #expect(try ready.json["status"] == "unavailable")
      #expect(try ready.json["checks"]?["store"]?.string?.isEmpty == false)
      #expect(try await client.send("GET", "/healthz").status == 200)
      let write = try await client.send("POST", "/events", writeJSON(eventJSON()))
      try expectProblem(write, 503, "unavailable")
      #expect(write["Retry-After"] == "1")
    }
  }

  /// A probe waits for no task: there are only so many threads for them, and other requests may have them all.
  @Test func tellsWithoutATaskThatItCanWrite() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    let probed = ProbedStore(store)
    try await withGateway(over: probed) { client in
      #expect(try await client.send("GET", "/readyz").status == 200)
      #expect(try await client.send("HEAD", "/readyz").status == 200)
      probed.failure.withLock { $0 = EventoError(.unavailable, "No disk.") }
      let ready = try await client.send("GET", "/readyz")
      #expect(ready.status == 503 && ready["Retry-After"] == "1")
      #expect(try ready.json["checks"]?["store"]?.string == "No disk.")
      #expect(try ready.json["server"]?.string == "db:5432")
      try expectProblem(await client.send("GET", "/readyz?a=1"), 400, "invalid_request", member: "a")
    }
    await store.close()
  }

  /// What takes long to decode keeps no thread from other tasks.
  @Test func decodesLargeBodiesElsewhereThanOnThePoolOfTasks() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    let placed = PlacedStore(store)
    try await withGateway(over: placed) { client in
      let small = try await client.send("POST", "/events", writeJSON(eventJSON()))
      let data = "\"" + String(repeating: "x", count: 40_000) + "\""
      let large = try await client.send("POST", "/events", writeJSON(eventJSON(["data": data])))
      #expect(small.status == 201 && large.status == 201)
      #expect(placed.isElsewhere.withLock { $0 } == [false, true])
    }
    await store.close()
  }

  @Test func countsRequestsByRouteMethodAndStatus() async throws {
    try await withGateway { client in
      try await client.writeEvents(2)
      _ = try await client.send("GET", "/subscribers/a")
      _ = try await client.send("GET", "/subscribers/b")
      _ = try await client.send("GET", "/nowhere")
      let response = try await client.send("GET", "/metrics")
      #expect(response["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
      let lines = response.text.split(separator: "\n").map(String.init)
      let name = "evento_request_duration_seconds_count"
      #expect(lines.contains("\(name){route=\"/events\",method=\"POST\",status=\"201\"} 2"))
      #expect(lines.contains("\(name){route=\"/subscribers/{key}\",method=\"GET\",status=\"404\"} 2"))
      #expect(lines.contains("\(name){route=\"-\",method=\"-\",status=\"404\"} 1"))
      #expect(lines.contains { $0.hasPrefix("evento_connections_accepted_total ") })
      for name in ["evicted", "refused"] { #expect(lines.contains("evento_connections_\(name)_total 0")) }
      for name in ["timeouts", "protocol_errors", "accept_failures", "requests_shed"] {
        #expect(lines.contains("evento_\(name)_total 0"))
      }
      #expect(lines.contains("evento_build_info{version=\"unknown\"} 1"))
      #expect(lines.contains("evento_commits_total 2") && lines.contains("evento_writes_waiting 0"))
      #expect(lines.allSatisfy { $0.hasPrefix("#") || $0.split(separator: " ").count == 2 })
    }
  }

  /// A read with a response at once counts as a read; one that waits has a route of its own.
  @Test func countsReadsThatAreHeldApart() async throws {
    try await withGateway { client in
      func metrics() async throws -> [Substring] {
        try await client.send("GET", "/metrics").text.split(separator: "\n")
      }
      try await client.writeEvents(1)
      #expect(try await client.send("GET", "/events?wait=60").status == 200)
      async let read = client.send("GET", "/events?wait=60&after=now")
      async let query = client.send("POST", "/events/query", #"{"wait":60,"after":"now"}"#)
      while try await !metrics().contains("evento_followers 2") {}
      try await client.writeEvents(1)
      #expect(try await [read.status, query.status] == [200, 200])
      let lines = try await metrics()
      let name = "evento_request_duration_seconds_count"
      for (route, method) in [("/events?wait", "GET"), ("/events/query?wait", "POST"), ("/events", "GET")] {
        #expect(lines.contains("\(name){route=\"\(route)\",method=\"\(method)\",status=\"200\"} 1"))
      }
      #expect(!lines.contains { $0.hasPrefix("\(name){route=\"/events/query\",") })
    }
  }

  @Test func countsProtocolErrors() async throws {
    try await withGateway { client in
      let connection = try RawConnection(port: client.port)
      try await connection.send("GET / HTTP/1.1\r\nno colon\r\n\r\n")
      _ = try await connection.receiveAll()
      #expect(try await client.send("GET", "/metrics").text.contains("evento_protocol_errors_total 1\n"))
    }
  }

  /// A store whose reads wait until they are let go.
  @Test func refusesMoreThanItMayWorkOnWhileProbesPass() async throws {
    let store = GatedExecutor()
    try await withGateway(over: store, { $0.requestsInFlight = 2 }) { client in
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<2 { group.addTask { try await client.send("GET", "/events").status } }
        await store.gate.waitForArrivals(2)
        let refused = try await client.send("GET", "/events")
        try expectProblem(refused, 503, "unavailable")
        #expect(refused["Retry-After"] == "1")
        #expect(refused.text.contains("2"))
        #expect(try await client.send("GET", "/healthz").status == 200)
        #expect(try await client.send("GET", "/readyz").status == 200)
        #expect(try await client.send("GET", "/metrics").text.contains("evento_requests_in_flight 2"))
        await store.gate.open()
        for try await status in group { #expect(status == 500) }
      }
    }
  }

  /// Writes that no task waits for count too, until their response, or until the store has lost them.
  @Test func countsWritesUntilTheirResponse() async throws {
    let store = HeldWriter(try await SQLiteExecutor.open(":memory:"))
    try await withGateway(over: store, { $0.requestsInFlight = 2 }) { client in
      let inFlight = { (count: Int) in
        try await client.send("GET", "/metrics").text.contains("evento_requests_in_flight \(count)\n")
      }
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<2 { group.addTask { try await client.send("POST", "/events", writeJSON(eventJSON())).status } }
        await store.gate.waitForArrivals(2)
        #expect(try await inFlight(2))
        try expectProblem(await client.send("POST", "/events", writeJSON(eventJSON())), 503, "unavailable")
        store.finishOne()
        #expect(try await group.next() == 201)
        #expect(try await inFlight(1))
        store.dropOne()
        #expect(try await group.next() == 500)
        #expect(try await inFlight(0))
      }
    }
    await store.store.close()
  }

  /// What took too long may be done all the same, and how to find out is said.
  @Test func tellsThatALateWriteMayBeDone() async throws {
    let store = HeldWriter(try await SQLiteExecutor.open(":memory:"))
    var server = ServerConfiguration()
    server.handlerTimeout = .milliseconds(200)
    let recorder = LogRecorder()
    try await withRunningGateway(over: store, log: recorder.logger(), server: server) { client, _, _ in
      let body = writeJSON(eventJSON(["id": "\"01ARZ3NDEKTSV4RRFFQ69G5FAV\""]))
      let late = try await client.send("POST", "/events", body)
      try expectProblem(late, 503, "unavailable")
      #expect(late.text.contains("may still take effect") && late.text.contains("same ids"))
      #expect(recorder.lines(with: "POST /events failed: The response exceeded").count == 1)
      // It is counted where it belongs, and for as long as it took.
      let metrics = try await client.send("GET", "/metrics").text
      let labels = #"route="/events",method="POST",status="503""#
      #expect(metrics.contains("evento_request_duration_seconds_count{\(labels)} 1"))
      #expect(metrics.contains("evento_request_duration_seconds_sum{\(labels)} 0.2"))
      store.finishOne()
      var again = late
      var count = 1
      while again.status == 503 {
        async let response = client.send("POST", "/events", body)
        count += 1
        await store.gate.waitForArrivals(count)
        store.finishOne()
        again = try await response
      }
      #expect(again.status == 200, "it had been written")
    }
    await store.store.close()
  }

  @Test func leaksNothingOfTheInside() async throws {
    let store = GatedExecutor()
    await store.gate.open()
    try await withGateway(over: store) { client in
      let response = try await client.send("GET", "/events", fields: [("X-Request-Id", "find-me")])
      try expectProblem(response, 500, "internal")
      #expect(response.text.contains("find-me"))
      #expect(!response.text.contains("secret"))
    }
  }

  @Test func tellsWhatTheStoreCanNotDo() async throws {
    let store = GatedExecutor()
    try await withGateway(over: store) { client in
      try expectProblem(await client.send("GET", "/subscribers"), 501, "not_implemented")
      try expectProblem(await client.send("DELETE", "/snapshots/t/1/i"), 501, "not_implemented")
    }
  }
}

/// Lets nobody through until it is opened.
actor Gate {
  private var isOpen = false
  private var arrivals = 0
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

  func pass() async {
    arrivals += 1
    let reached = watchers.filter { $0.count <= arrivals }
    watchers.removeAll { $0.count <= arrivals }
    for watcher in reached { watcher.continuation.resume() }
    if !isOpen { await withCheckedContinuation { waiting.append($0) } }
  }

  func waitForArrivals(_ count: Int) async {
    if arrivals < count { await withCheckedContinuation { watchers.append((count, $0)) } }
  }

  func open() {
    isOpen = true
    for continuation in waiting { continuation.resume() }
    waiting = []
  }
}

/// A store that must be asked by a call whether it is ready.
private final class ProbedStore: CallbackWrapper {
  let store: SQLiteExecutor
  let failure = Mutex<EventoError?>(nil)
  let databaseServer: String? = "db:5432"

  init(_ store: SQLiteExecutor) {
    self.store = store
  }

  func checkReadiness() async throws {
    throw EventoError(.unavailable, "A task asks.")
  }

  func checkReadiness(completion: @escaping @Sendable (EventoError?) -> Void) {
    completion(failure.withLock { $0 })
  }
}

/// Notes of each write, which begins right behind the decoding of its request, whether that runs in a task that is to stay
/// off the cooperative pool.
private final class PlacedStore: CallbackWrapper {
  let store: SQLiteExecutor
  let isElsewhere = Mutex<[Bool]>([])

  init(_ store: SQLiteExecutor) {
    self.store = store
  }

  func write(
    _ events: [NewEvent], condition: WriteCondition?, unless isCancelled: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<WriteResult, EventoError>) -> Void
  ) {
    let executor = withUnsafeCurrentTask { $0?.unownedTaskExecutor }
    isElsewhere.withLock { $0.append(executor != nil) }
    store.write(events, condition: condition, unless: isCancelled, completion: completion)
  }
}
