/// Something that an operator should know of, and that no caller is there to be thrown at: for a log.
public struct SQLiteNotice: Sendable {
  public enum Level: Sendable {
    /// Something that takes long has begun or has ended, such as the upgrade of an older store.
    case information
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
