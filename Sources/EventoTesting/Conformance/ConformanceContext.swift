internal import Evento

/// The environment of a check.
struct ConformanceContext: Sendable {
  /// A fresh, empty executor.
  let executor: any Executor
  private let scope: ConformanceCheck.ExecutorScope

  init(executor: any Executor, scope: @escaping ConformanceCheck.ExecutorScope) {
    self.executor = executor
    self.scope = scope
  }

  /// Runs `body` on another store of the same kind, which is empty and shares nothing with this one.
  func withAnotherStore(_ body: (any Executor) async throws -> Void) async throws {
    try await scope(body)
  }
}

/// The error of a check: an executor's behavior that violates a requirement.
public struct ConformanceFailure: Error, Sendable, CustomStringConvertible {
  /// The name of the check; empty until it has ended.
  public internal(set) var check: String
  /// The observed and the expected behavior.
  public let reason: String
  /// The position in the suite where it was noticed.
  public let fileID: String
  public let line: Int

  init(_ reason: String, fileID: String, line: Int) {
    self.check = ""
    self.reason = reason
    self.fileID = fileID
    self.line = line
  }

  public var description: String { "\(check): \(reason) (\(fileID):\(line))" }
}
