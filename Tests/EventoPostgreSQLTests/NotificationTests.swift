import Dispatch
import TestSupport
import Testing

@testable import EventoPostgreSQL

@Suite(.needsPostgreSQL) struct NotificationTests {
  @Test func notificationsArrive() async throws {
    let url = try await PostgreSQLServer.shared.database.url
    try await withConnection { connection in
      try connection.run(.once("LISTEN one"))
      #expect(try connection.waitForNotifications(within: .zero).isEmpty)
      let other = try Connection(try ConnectionSettings(url))
      let backend = Int32(try other.run(.once("SELECT pg_backend_pid()")).integer(0, 0))
      try other.run(.once("SELECT pg_notify('one', '17')"))
      try other.run(.once("SELECT pg_notify('another', '1')"))
      let arrived = try connection.waitForNotifications(within: .seconds(30))
      #expect(arrived.map(\.payload) == ["17"] && arrived.map(\.channel) == ["one"])
      #expect(arrived.map(\.backend) == [backend])
      // One that arrives with a response.
      try other.run(.once("NOTIFY one"))
      try connection.run(.once("SELECT 1"))
      #expect(try connection.waitForNotifications(within: .seconds(30)).map(\.payload) == [""])
    }
  }

  @Test func aWaitIsEndedFromAnotherThread() async throws {
    try await withConnection { connection in
      let wakeup = try Wakeup()
      DispatchQueue.global().async { wakeup.wake() }
      #expect(try connection.waitForNotifications(within: .seconds(600), wakeup: wakeup).isEmpty)
      // For good.
      #expect(try connection.waitForNotifications(within: .seconds(600), wakeup: wakeup).isEmpty)
      #expect(!connection.isBroken)
    }
  }
}
