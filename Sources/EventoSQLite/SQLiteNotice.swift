/// Something that an operator should know of, and that no caller is there to be thrown at: for a log.
public struct SQLiteNotice: Sendable {
  public enum Level: Sendable {
    /// Something that was wrong is right again.
    case recovery
    /// Something is wrong.
    case failure
  }

  public let level: Level
  /// What happened, and what to do.
  public let message: String
  /// What SQLite or the system said.
  public let cause: String?
}
