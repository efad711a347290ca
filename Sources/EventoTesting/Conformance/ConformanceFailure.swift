/// What a check found an executor to do otherwise than promised.
public struct ConformanceFailure: Error, Sendable, CustomStringConvertible {
  /// The name of the check; empty while it has not ended.
  public internal(set) var check: String
  /// What was found, and what had been expected.
  public let reason: String
  /// Where in the suite it was noticed.
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
