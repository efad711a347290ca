import Evento
import EventoHTTP
import EventoTesting
import Foundation
import Synchronization
import TestSupport
import Testing

/// Who follows a gateway, while its process is killed and connections are cut at random.
@Suite(.serialized, .timeLimit(.minutes(3))) struct FaultTests {
  /// With a number in the environment, the run of that seed again.
  private static let seed =
    ProcessInfo.processInfo.environment["EVENTO_FAULT_SEED"].flatMap { UInt64($0) } ?? .random(in: 0 ... .max)

  @Test(arguments: FaultCheck.all) func holds(_ check: FaultCheck) async throws {
    let seed = Self.seed
    print("\(check): EVENTO_FAULT_SEED=\(seed)")
    try await withTemporaryFolder { folder in
      let relay = try Relay()
      defer { relay.stop() }
      let gateway = KilledGateway(["--port", "0", "--database", folder + "/events.sqlite"], behind: relay)
      try await gateway.start()
      var configuration = HTTPConfiguration()
      configuration.proxy = .none
      configuration.callDeadline = .seconds(120)
      configuration.retry.attempts = 1000
      configuration.retry.backoff.initialDelay = .milliseconds(5)
      configuration.retry.backoff.maximumDelay = .milliseconds(100)
      let executor = try HTTPExecutor(baseURL: "http://127.0.0.1:\(relay.port)", configuration: configuration)
      let kills = Mutex(0)
      try await check.run(on: executor, under: FaultLoad(seed: seed)) { random in
        // Each third time the whole gateway; else some of the connections, in the middle of whatever they carry.
        if Int.random(in: 0..<3, using: &random) == 0 {
          kills.withLock { $0 += 1 }
          try await gateway.killAndStart()
        } else {
          relay.cut { Bool.random(using: &random) }
        }
      }
      await executor.close()
      print("\(kills.withLock { $0 }) kills, \(relay.accepted) connections")
      #expect(relay.accepted > 10)
      try await gateway.stop()
    }
  }
}

/// A gateway that dies and comes back, on another port each time.
private actor KilledGateway {
  private let arguments: [String]
  private let relay: Relay
  private var process: GatewayProcess?

  init(_ arguments: [String], behind relay: Relay) {
    self.arguments = arguments
    self.relay = relay
  }

  func start() async throws {
    let process = try await GatewayProcess(arguments)
    relay.setTarget(try process.client.port)
    self.process = process
  }

  func killAndStart() async throws {
    guard let process else { return }
    process.send(SIGKILL)
    #expect(await process.outcome().isKilled)
    try await start()
  }

  func stop() async throws {
    guard let process else { return }
    process.send(SIGTERM)
    #expect(await process.outcome().status == 0)
  }
}
