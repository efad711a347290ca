/// The error of a check: an executor's behaviour that violates a requirement.
public struct ConformanceFailure: Error, Sendable, CustomStringConvertible {
  /// The name of the check; empty until it has ended.
  public internal(set) var check: String
  /// The observed and the expected behaviour.
  public let reason: String
  /// The place in the suite where it was noticed.
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
