internal import Dispatch
internal import Evento

/// Backup and restore.
extension SQLiteExecutor {
  /// The result of a backup or restore.
  public struct Copy: Sendable, Equatable {
    public let events: Int
    /// The size of the file.
    public let bytes: Int
  }

  /// Copies a store while other processes read and write it. The copy is a consistent snapshot with every event whose
  /// write was confirmed before the call, and cursors of the store are valid in it.
  ///
  /// The copy is written to a temporary file next to the target, which is renamed once it is complete and on disk. Its
  /// permissions are those of the database, regardless of the umask, and let its owner write. Meanwhile, the
  /// write-ahead log of the store can't be reset, and grows.
  ///
  /// The copy is verified before it gets its name. If that fails, or the task is cancelled, no copy is left.
  ///
  /// - Parameters:
  ///   - path: The database. It must exist.
  ///   - target: The copy, in an existing folder. It must not exist.
  ///   - progress: Called from time to time with the completed fraction, 0 to 1, on the thread that copies.
  /// - Throws: `invalid_request` if `path` is not a store of this or an older version, or `target` exists;
  ///   `unavailable` if either can't be read or written; `internal` if the store is damaged, so that the copy would be
  ///   damaged or incomplete.
  public static func backUp(
    _ path: String, to target: String, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> Copy {
    try await blocking(path, progress) { work in
      try checkIsFile(path)
      return try Backup.make(of: path, at: target, work)
    }
  }

  /// Replaces a store that no process has open by a copy.
  ///
  /// Either all of the store is replaced or nothing, even if the machine stops. The events of the replaced store are
  /// lost: cursors newer than the copy are `cursor_not_in_history` from then on. If the task is cancelled in time,
  /// nothing is changed.
  ///
  /// - Parameters:
  ///   - path: The database. If it does not exist, it is created with the permissions of the copy.
  ///   - backup: The copy, which is kept.
  ///   - isReplacing: True to replace a store that has events.
  ///   - progress: Called from time to time with the completed fraction, 0 to 1, on the thread that copies.
  /// - Throws: `invalid_request` if `backup` is not a store of this or an older version, or is damaged, or `path` is
  ///   another program's or has events that may not be replaced; `unavailable` if another process has it open, or one
  ///   of them can't be read or written.
  public static func restore(
    _ path: String, from backup: String, replacing isReplacing: Bool = false,
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> Copy {
    try await restore(
      path, from: backup, replacing: isReplacing, replacingSetting: "`replacing: true`", progress: progress)
  }

  /// - Parameter setting: The name of the setting that allows replacing, in errors. A command passes the name of its
  ///   option.
  package static func restore(
    _ path: String, from backup: String, replacing isReplacing: Bool, replacingSetting setting: String,
    progress: @escaping @Sendable (Double) -> Void
  ) async throws -> Copy {
    try await blocking(path, progress) { work in
      try checkIsFile(path)
      return try Restoration(isReplacing: isReplacing, setting: setting).put(backup, at: path, work)
    }
  }

  private static func checkIsFile(_ path: String) throws(EventoError) {
    guard path == ":memory:" else { return }
    throw EventoError(
      .invalidRequest, "A store in memory has no file, and is lost when its process ends. Name a database file.")
  }

  /// Runs a blocking operation on a thread that may block.
  ///
  /// - Parameter path: The database, for errors.
  static func blocking<Value: Sendable>(
    _ path: String, _ progress: @escaping @Sendable (Double) -> Void,
    _ body: @escaping @Sendable (CancellableWork) throws -> Value
  ) async throws(EventoError) -> Value {
    let work = CancellableWork(progress)
    let result: Result<Value, EventoError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        DispatchQueue(label: "evento.sqlite.backup").async {
          continuation.resume(
            returning: Result { () throws(EventoError) in
              do {
                return try body(work)
              } catch let error as EventoError {
                throw error
              } catch let failure as SQLiteFailure {
                throw work.isCancelled ? .cancelled("\(path) was not changed.") : failure.error(of: path)
              } catch {
                throw EventoError(.internal, "The copy of \(path) failed: \(error)")
              }
            })
        }
      }
    } onCancel: {
      work.cancel()
    }
    return try result.get()
  }
}
