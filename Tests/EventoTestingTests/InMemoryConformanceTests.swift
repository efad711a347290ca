import Evento
import EventoTesting
import Testing

/// The suite holds on the plainest executor there is.
@Suite(.serialized) struct InMemoryConformanceTests {
  @Test(arguments: ConformanceCheck.all)
  func conforms(_ check: ConformanceCheck) async throws {
    try await check.run { body in try await body(InMemoryExecutor()) }
  }
}
