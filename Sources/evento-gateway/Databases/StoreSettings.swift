internal import Evento
internal import EventoSQLite

/// The settings of a store, whatever its engine. Those for files do not apply to PostgreSQL.
struct StoreSettings: Sendable {
  var pageEvents = SQLiteConfiguration().pageEvents
  var pageBytes = SQLiteConfiguration().pageBytes
  var waitingWrites = SQLiteConfiguration().waitingWrites
  /// True if a store that does not exist is created.
  var createsStore = true
  /// The name of the setting that forbids creating one, in errors.
  var createsStoreSetting = ""
  /// Called with messages for the operator. It must not block.
  var notify: @Sendable (StoreNotice) -> Void = { _ in }

  /// The settings of a command that runs to its end, and writes the messages to standard error.
  static func command(createsStore: Bool) -> StoreSettings {
    var settings = StoreSettings()
    settings.createsStore = createsStore
    settings.createsStoreSetting = "this command"
    settings.notify = { StandardError.write($0) }
    return settings
  }

  // MARK: Files

  var filePermissions = SQLiteConfiguration().filePermissions
  var memoryMapBytes = Int(SQLiteConfiguration().memoryMapBytes)
}
