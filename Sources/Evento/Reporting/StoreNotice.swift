/// A message for the operator's log about something that no caller gets as an error.
public struct StoreNotice: Sendable {
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
  /// The message of the database or the system.
  public let cause: String?

  package init(level: Level, message: String, cause: String?) {
    self.level = level
    self.message = message
    self.cause = cause
  }
}
