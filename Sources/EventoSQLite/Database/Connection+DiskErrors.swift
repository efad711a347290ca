internal import CSQLite

/// Repairs after syncs that failed, or never happened.
///
/// After a failed sync, the system takes the pages of the file for clean: the next sync succeeds, but the disk does
/// not have the bytes (https://wiki.postgresql.org/wiki/Fsync_Errors). So it must be written again.
extension Connection {
  /// Makes the commits in the write-ahead log durable, before the store shows or confirms any of them.
  ///
  /// A process that was killed, or whose sync failed, leaves commits in the log that may not be on disk. SQLite reads
  /// them as commits and does not sync the log (`walIndexRecover` in https://sqlite.org/src/file/src/wal.c).
  func secureLog() throws(SQLiteFailure) {
    guard let path else { return }
    // No other process can append to the log, or write it from its start, meanwhile.
    try run("BEGIN IMMEDIATE")
    defer { rollBack() }
    try FileSystem.rewrite(path + "-wal")
  }

  /// Makes the next checkpoint move the log from its start again.
  ///
  /// The sync of a checkpoint that failed may have lost pages that earlier checkpoints have moved: one that readers
  /// stopped halfway does not sync. SQLite would move only what follows them, and then drop the log. It keeps their number
  /// in the shared memory (`nBackfill`, https://sqlite.org/walformat.html#the_wal_index_file_format), which only decreases
  /// here, under the lock for checkpoints: readers and writers take that for a log that has not been moved yet.
  ///
  /// - Returns: False if another process makes a checkpoint.
  func repeatCheckpoints() -> Bool {
    let (checkpointLock, count) = (Int32(1), Int32(1))
    let (regionBytes, backfilledOffset) = (Int32(32768), 96)
    guard let file = databaseFile, let methods = file.pointee.pMethods?.pointee,
      methods.iVersion >= 2, let lock = methods.xShmLock, let map = methods.xShmMap,
      lock(file, checkpointLock, count, SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE) == SQLITE_OK
    else { return false }
    defer { _ = lock(file, checkpointLock, count, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE) }
    var region: UnsafeMutableRawPointer?
    guard map(file, 0, regionBytes, 0, &region) == SQLITE_OK, let region else { return false }
    region.storeBytes(of: 0, toByteOffset: backfilledOffset, as: UInt32.self)
    return true
  }
}
