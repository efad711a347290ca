internal import Dispatch
internal import Evento

/// Copies of a store, made and put back.
extension SQLiteExecutor {
  /// What a copy holds.
  public struct Copy: Sendable, Equatable {
    public let events: Int
    /// The size of its file.
    public let bytes: Int
  }

  /// Copies a store, whoever has it open and writes to it: the copy is the store of one moment, with every event that was
  /// answered before this was called, and cursors of the one are valid in the other.
  ///
  /// It goes to a file of another name beside the target, which gets its own once the copy is whole and on disk. Its
  /// permissions are those of the database, regardless of the umask, and let its owner write. While it is made, the write-ahead log of the store can't begin anew, and grows.
  ///
  /// If its task is cancelled, nothing is left of the copy.
  ///
  /// - Parameters:
  ///   - path: of the database. It is never made.
  ///   - target: of the copy, in a folder that is there. There must be nothing.
  ///   - progress: called from time to time with the share that is done, 0 to 1, from the thread that copies.
  /// - Throws: `invalid_request` where there is no store of this or an older version at `path`, or something at `target`;
  ///   `unavailable` where either can't be read or written.
  public static func backUp(
    _ path: String, to target: String, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> Copy {
    try await blocking(path, progress) { work in
      try checkIsFile(path)
      return try Backup.make(of: path, at: target, work)
    }
  }

  /// Puts a copy in the place of a store that nobody has open.
  ///
  /// All of it or nothing, whenever the machine stops. What was in the store is gone: cursors that are younger than the
  /// copy are `cursor_not_in_history` from then on. If its task is cancelled in time, nothing is changed.
  ///
  /// - Parameters:
  ///   - path: of the database. If it does not exist, it is created with the permissions of the copy.
  ///   - backup: of the copy, which stays.
  ///   - isReplacing: whether a store that has events may be replaced.
  ///   - progress: called from time to time with the share that is done, 0 to 1, from the thread that copies.
  /// - Throws: `invalid_request` where `backup` is no store of this or an older version, or damaged, or `path` has events
  ///   that may not be replaced, or is another program's; `unavailable` where somebody has it open, or one of them can't
  ///   be read or written.
  public static func restore(
    _ path: String, from backup: String, replacing isReplacing: Bool = false,
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> Copy {
    try await restore(
      path, from: backup, replacing: isReplacing, replacingSetting: "`replacing: true`", progress: progress)
  }

  /// - Parameter setting: the name by which an error calls what allows to replace: a command names its option.
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
      .invalidRequest, "A store in memory has no file, and goes with its process: name a database file.")
  }

  /// Runs what blocks on a thread that may be blocked.
  ///
  /// - Parameter path: of the database, for what goes wrong with it.
  private static func blocking<Value: Sendable>(
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
