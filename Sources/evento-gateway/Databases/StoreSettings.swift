internal import EventoSQLite

/// The settings of a store, whatever its engine. Those for files do not apply to PostgreSQL.
struct StoreSettings: Sendable {
  var pageEvents = SQLiteConfiguration().pageEvents
  var pageBytes = SQLiteConfiguration().pageBytes
  var waitingWrites = SQLiteConfiguration().waitingWrites
  /// Called with messages for the operator. It must not block.
  var report: @Sendable (Message) -> Void = { _ in }

  // MARK: Files

  var filePermissions = SQLiteConfiguration().filePermissions
  var memoryMapBytes = Int(SQLiteConfiguration().memoryMapBytes)
  /// True if a database that does not exist is created.
  var createsFile = true
  /// The name of the setting that forbids creating one, in errors.
  var createsFileSetting = ""

  /// A message for the operator.
  struct Message: Sendable {
    let isError: Bool
    let text: String
    /// The message of the database or the system.
    let cause: String?
  }
}
