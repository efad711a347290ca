import Synchronization
import Testing

@testable import HTTPServer

/// Streams beside requests that keep the loop's thread busy, so that they have to wait for their turns.
@Suite(.timeLimit(.minutes(2))) struct LoadedStreamTests {
  private static let pollers = [PollerKind.best, .poll]
  private static let streams = 0..<30

  private static func configuration(_ poller: PollerKind) -> ServerConfiguration {
    var configuration = ServerConfiguration.patient
    configuration.poller = poller
    // Small, so that each stream needs many turns.
    configuration.bufferedBytes = 4000
    return configuration
  }

  @Test(arguments: pollers) func eachArrivesWholeAndInOrder(_ poller: PollerKind) async throws {
    let handler = Self.handler { id, writer in
      for number in 0..<60 { try await writer.write(Self.piece(id, number)) }
    }
    try await withServer(handler, configuration: Self.configuration(poller)) { server, address in
      try await Self.underLoad(server, address) {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for id in Self.streams {
            group.addTask {
              let response = try await Self.open(id, address).response()
              #expect(response.body == Self.pieces(id, 60), "stream \(id)")
            }
          }
          try await group.waitForAll()
        }
      }
    }
  }

  /// Every second client goes away in the middle, some with an end and some without.
  @Test(arguments: pollers) func clientsThatDisconnectDisturbNoOthers(_ poller: PollerKind) async throws {
    let gone = Counter()
    let handler = Self.handler { id, writer in
      do {
        for number in 0..<(id.isMultiple(of: 2) ? 60 : .max) { try await writer.write(Self.piece(id, number)) }
      } catch BodyWriter.Closed.clientGone {
        gone.increase()
        throw BodyWriter.Closed.clientGone
      }
    }
    try await withServer(handler, configuration: Self.configuration(poller)) { server, address in
      try await Self.underLoad(server, address) {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for id in Self.streams {
            group.addTask {
              let client = try await Self.open(id, address)
              if id.isMultiple(of: 2) {
                #expect(try await client.response().body == Self.pieces(id, 60), "stream \(id)")
              } else {
                _ = try await client.bytes(2000 + 100 * id)
                if id.isMultiple(of: 3) { client.reset() } else { client.close() }
              }
            }
          }
          try await group.waitForAll()
        }
        try await eventually { gone.count == Self.streams.count / 2 }
        // Those of the load.
        try await eventually { server.statistics.openConnections <= Self.loadClients }
        #expect(server.statistics.timeouts == 0)
      }
    }
  }

  /// The writers end once the server stops, and what they have written arrives.
  @Test(arguments: pollers) func eachEndsProperlyWhenTheServerStops(_ poller: PollerKind) async throws {
    let underWay = Counter()
    let lengths = Mutex<[Int: Int]>([:])
    let isStopping = Atomic(false)
    let handler = Self.handler { id, writer in
      var number = 0
      while !isStopping.load(ordering: .relaxed) {
        try await writer.write(Self.piece(id, number))
        number += 1
        if number == 5 { underWay.increase() }
      }
      lengths.withLock { [number] in $0[id] = number }
    }
    // A grace that would outlast the test.
    try await withServer(handler, configuration: Self.configuration(poller), grace: .seconds(600)) { server, address in
      try await Self.underLoad(server, address, endsWithServer: true) {
        try await withThrowingTaskGroup(of: (Int, RawResponse).self) { group in
          for id in Self.streams { group.addTask { (id, try await Self.open(id, address).response()) } }
          try await eventually { underWay.count == Self.streams.count }
          async let stopped: Void = server.shutDown(grace: .seconds(600))
          isStopping.store(true, ordering: .relaxed)
          await stopped
          for try await (id, response) in group {
            let length = try #require(lengths.withLock { $0[id] })
            #expect(length >= 5 && response.body == Self.pieces(id, length), "stream \(id)")
          }
        }
      }
      #expect(server.statistics.openConnections == 0)
      #expect(server.statistics.timeouts == 0)
    }
  }

  /// Here a stream waits longer for its turn than a client may take to read something: it is not the client's fault.
  @Test(arguments: pollers) func whoWaitsForItsTurnIsNotCutOff(_ poller: PollerKind) async throws {
    var configuration = Self.configuration(poller)
    // Large, so that much is left when the kernel takes no more.
    configuration.bufferedBytes = 4 << 20
    // Much longer than a turn of the loop, and shorter than it takes until each stream has had one.
    configuration.writeTimeout = .milliseconds(700)
    let handler = Self.handler { id, writer in try await writer.write(Self.large(id)) }
    // A Unix socket takes no more than some hundred thousand bytes.
    let path = "/tmp/http-server-\(UInt64.random(in: 0 ... .max)).sock"
    try await withServer(handler, on: .unix(path: path), configuration: configuration) { server, address in
      try await Self.underLoad(server, address, by: "/long", atOnce: 1) {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for id in 0..<60 {
            group.addTask {
              let response = try await Self.open(id, address).response()
              #expect(response.body == Self.large(id), "stream \(id)")
            }
          }
          try await group.waitForAll()
        }
      }
      #expect(server.statistics.timeouts == 0)
    }
  }

  // MARK: What is served

  private static func handler(
    _ produce: @escaping @Sendable (_ id: Int, BodyWriter) async throws -> Void
  ) -> TestHandler {
    TestHandler(routes: [
      "/short": { _ in
        keepBusy(.microseconds(500))
        return .respond(.response(.text("short")))
      },
      "/long": { _ in
        keepBusy(.milliseconds(12))
        return .respond(.response(.text("long")))
      },
      "/stream": { head in
        let id = head.query.flatMap { Int($0) } ?? -1
        return .respond(.response(Response(body: .stream { try await produce(id, $0) })))
      },
    ])
  }

  private static func keepBusy(_ time: Duration) {
    let end = ContinuousClock.now + time
    while ContinuousClock.now < end {}
  }

  /// A piece that no other one equals.
  private static func piece(_ id: Int, _ number: Int) -> [UInt8] {
    let name = Array("\(id).\(number);".utf8)
    return name + [UInt8](repeating: UInt8(ascii: "x"), count: 500 - name.count)
  }

  private static func pieces(_ id: Int, _ count: Int) -> [UInt8] {
    var all: [UInt8] = []
    for number in 0..<count { all += piece(id, number) }
    return all
  }

  private static func large(_ id: Int) -> [UInt8] { pieces(id, 1000) }

  // MARK: Who asks

  private static let loadClients = 4

  private static func open(_ id: Int, _ address: BoundAddress) async throws -> RawClient {
    let client = try RawClient(address)
    try await client.send("GET /stream?\(id) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    return client
  }

  /// Runs `body` while clients ask for something without a pause.
  ///
  /// - Parameters:
  ///   - atOnce: how many requests each sends before it reads the responses, so that the loop finds the next one there.
  ///   - endsWithServer: whether the server may end their connections.
  private static func underLoad(
    _ server: HTTPServer, _ address: BoundAddress, by path: String = "/short", atOnce: Int = 4,
    endsWithServer: Bool = false,
    _ body: () async throws -> Void
  ) async throws {
    let isOver = Counter()
    let requests = String(repeating: "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n", count: atOnce)
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer { isOver.increase() }
      for _ in 0..<loadClients {
        group.addTask {
          do {
            let client = try RawClient(address)
            while isOver.count == 0 {
              try await client.send(requests)
              for _ in 0..<atOnce { #expect(try await client.response().status == 200) }
            }
          } catch is RawClient.Failure where endsWithServer {}
        }
      }
      // Until the loop has got used to it.
      try await eventually { server.statistics.requests >= 40 }
      try await body()
      isOver.increase()
      try await group.waitForAll()
    }
  }

  private final class Counter: Sendable {
    private let value = Atomic(0)
    var count: Int { value.load(ordering: .sequentiallyConsistent) }
    func increase() { value.add(1, ordering: .sequentiallyConsistent) }
  }
}
