import Evento
import EventoTesting
import Testing

/// A check that can't fail checks nothing: each is shown an executor with a defect that it must notice.
@Suite(.serialized) struct DefectTests {
  @Test(arguments: Defect.all) func aDefectIsCaughtByTheChecksThatAreMadeForIt(_ defect: Defect) async throws {
    #expect(!defect.caughtBy.isEmpty)
    // At once, since a check that waits for what never comes takes seconds to find out.
    try await withThrowingTaskGroup(of: Void.self) { group in
      for name in defect.caughtBy {
        let check = try #require(ConformanceCheck.all.first { $0.name == name }, "there is no check \"\(name)\"")
        group.addTask {
          let failure = await #expect(throws: ConformanceFailure.self, "\(name)") {
            try await check.run { body in try await body(BrokenExecutor(hooks: defect.hooks)) }
          }
          #expect(failure?.check == name)
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func everyCheckCatchesADefect() {
    let caught = Set(Defect.all.flatMap(\.caughtBy))
    let others = ConformanceCheck.all.map(\.name).filter { !caught.contains($0) }
    #expect(others.isEmpty)
  }

  /// What the defects are put into is right itself.
  @Test(arguments: ConformanceCheck.all) func withoutADefectEveryCheckPasses(_ check: ConformanceCheck) async throws {
    try await check.run { body in try await body(BrokenExecutor(hooks: Defect.Hooks())) }
  }
}
