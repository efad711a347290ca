import Foundation
import TestSupport
import Testing

/// Bytes that pass a relay, up to the one in whose place a fault strikes.
@Suite(.timeLimit(.minutes(1))) struct RelayTests {
  @Test(arguments: RelayDirection.allCases, [RelayFault.end, .reset])
  func aConnectionBreaksAtTheByte(_ direction: RelayDirection, _ fault: RelayFault) async throws {
    try await withEcho { relay, server in
      var ends = server.received.makeAsyncIterator()
      for count in [0, 1, 99] {
        let connection = try RawConnection(port: relay.port)
        try await connection.send("12345")
        #expect(try await connection.receive(5) == 5)
        let (number, faults) = (relay.accepted, relay.faults)
        relay.plan(fault, ofConnection: number, after: count, direction)
        try await connection.send(String(repeating: "x", count: 100))
        let sentBack = (try? await connection.receiveAll().count) ?? 0
        let arrived = try #require(await ends.next()) - 5
        // The two directions end together, and a reset can take bytes with it that had arrived.
        switch (direction, fault) {
        case (.toServer, .end): #expect(arrived == count && sentBack <= count)
        case (.toClient, .end): #expect(arrived == 100 && sentBack == count)
        default: #expect(arrived <= (direction == .toServer ? count : 100) && sentBack <= count)
        }
        #expect(relay.faults == faults + 1 && relay.traffic[number] == nil)
      }
    }
  }

  @Test func aFaultIsPlannedForTheNextConnection() async throws {
    try await withEcho { relay, server in
      var ends = server.received.makeAsyncIterator()
      relay.plan(.end, ofConnection: relay.accepted + 1, after: 3, .toServer)
      let first = try RawConnection(port: relay.port)
      try await first.send("12345")
      #expect(await ends.next() == 3)
      let second = try RawConnection(port: relay.port)
      try await second.send("12345")
      #expect(try await second.receive(5) == 5)
      #expect(relay.traffic == [2: RelayTraffic(toServer: 5, toClient: 5)] && relay.faults == 1)
    }
  }

  @Test func aFaultThatIsCancelledDoesNotStrike() async throws {
    try await withEcho { relay, _ in
      relay.plan(.end, ofConnection: 1, after: 3, .toServer)
      relay.cancelPlans()
      let connection = try RawConnection(port: relay.port)
      try await connection.send("12345")
      #expect(try await connection.receive(5) == 5)
      #expect(relay.faults == 0)
    }
  }

  @Test func aStalledConnectionGoesOnWhereItStopped() async throws {
    try await withEcho { relay, _ in
      let connection = try RawConnection(port: relay.port)
      try await connection.send("12345")
      #expect(try await connection.receive(5) == 5)
      relay.plan(.stall, ofConnection: 1, after: 2, .toClient)
      try await connection.send("67890")
      #expect(try await connection.receive(2) == 2)
      let silent = try RawConnection(port: relay.port, timeoutSeconds: 1)
      relay.stall()
      try await silent.send("1")
      await #expect(throws: RawConnection.Failure.self) { try await silent.receive() }
      try relay.resume()
      #expect(try await connection.receive(3) == 3)
      #expect(try await silent.receive(1) == 1)
    }
  }

  @Test func aRelayRefusesAndAcceptsAgain() async throws {
    try await withEcho { relay, _ in
      let open = try RawConnection(port: relay.port)
      try await open.send("1")
      #expect(try await open.receive(1) == 1)
      relay.refuse()
      #expect(throws: RawConnection.Failure.self) { try RawConnection(port: relay.port) }
      try await open.send("2")
      #expect(try await open.receive(1) == 1)
      try relay.resume()
      let next = try RawConnection(port: relay.port)
      try await next.send("3")
      #expect(try await next.receive(1) == 1)
      relay.cut()
      #expect(try await open.receive().isEmpty)
      #expect(try await next.receive().isEmpty)
    }
  }
}

extension RawConnection {
  /// Receives as many bytes, and returns the number of those that came before the end.
  fileprivate func receive(_ count: Int) async throws -> Int {
    var received = 0
    while received < count {
      let bytes = try await receive(limit: count - received)
      if bytes.isEmpty { break }
      received += bytes.count
    }
    return received
  }
}

/// Runs the body with a relay before a server that sends back what it receives.
private func withEcho(_ body: (Relay, EchoServer) async throws -> Void) async throws {
  let relay = try Relay()
  defer { relay.stop() }
  let echo = try EchoServer()
  defer { echo.stop() }
  relay.setTarget(echo.port)
  try await body(relay, echo)
}
