internal import Evento

extension ConformanceCheck {
  static let readinessChecks: [ConformanceCheck] = [
    ConformanceCheck("a writable store is ready, and the check leaves no trace", .readiness) { context in
      let executor = context.executor
      try await executor.checkReadiness()
      let ids = try await executor.writeWhole([.sample()]).events.map(\.id)
      for _ in 0..<3 { try await executor.checkReadiness() }
      try requireEqual(try await executor.log().ids, ids, "events in the log")
    }
  ]
}
