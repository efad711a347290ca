/// A message for the operator's log about something that no caller gets as an error.
public struct SQLiteNotice: Sendable {
  public enum Level: Sendable {
    /// A long operation has started or ended, such as the upgrade of an older store.
    case information
    /// An error is over.
    case recovery
    /// An error.
    case failure
  }

  public let level: Level
  /// The message: what happened, and what to do.
  public let message: String
  /// The message of SQLite or the system.
  public let cause: String?
}
