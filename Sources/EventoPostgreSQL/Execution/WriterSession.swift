internal import Evento
internal import EventoStorage

/// The writer's connection, with what was cached through it.
///
/// A batch is stored in one of two ways:
///
/// - *Compare and swap*, if no other gateway has written lately. The writes are decided from the cache and look-ups
///   without a lock. The row of the store is then updated only if it is still the one after which they were decided, and
///   the rows are added only if it was. So the lock is held for one round trip.
/// - *Lock and look*, if the swap failed: another gateway was quicker, or an id is stored already. The row of the store
///   is locked first, everything is looked up under the lock, and the writes are decided again.
final class WriterSession {
  let connection: Connection
  private let cache = WriterCache()
  private let channel: String
  private let now: @Sendable () -> Timestamp
  /// Until then, other gateways are expected to be quicker.
  private var locksUntil = ContinuousClock.now

  /// The time for which batches lock first, after a swap that failed.
  private static let lockingDuration: Duration = .seconds(1)

  init(_ connection: Connection, channel: String, now: @escaping @Sendable () -> Timestamp) {
    self.connection = connection
    self.channel = channel
    self.now = now
  }

  /// Decides writes, and stores those that are accepted.
  ///
  /// - Parameter sending: Called before a commit is sent, so that the batch is known if its outcome is not.
  /// - Returns: The batch, whose outcomes are final.
  func store(
    _ writes: [PendingWrite], sending: (WriteBatch) -> Void
  ) throws(PostgreSQLFailure) -> WriteBatch {
    if ContinuousClock.now >= locksUntil {
      if let batch = try swap(writes, sending: sending) { return batch }
      locksUntil = .now + Self.lockingDuration
    }
    return try lockAndLook(writes, sending: sending)
  }

  private func decide(_ writes: [PendingWrite], after store: StoreRow, _ known: LookupResult) -> WriteBatch {
    let batch = WriteBatch(after: store, known, cache, time: now().clamped)
    for write in writes { batch.decide(write) }
    return batch
  }

  // MARK: Compare and swap

  /// - Returns: `nil` if nothing was stored, because another gateway has committed or an id is stored already.
  private func swap(
    _ writes: [PendingWrite], sending: (WriteBatch) -> Void
  ) throws(PostgreSQLFailure) -> WriteBatch? {
    guard let batch = try decideWithoutLock(writes) else { return nil }
    guard !batch.isOnlyRefusals else { return batch }
    sending(batch)
    do throws(PostgreSQLFailure) {
      // Without BEGIN, since the sync ends a transaction.
      let results = try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
        try batch.send(notifying: channel) { (statement, parameters) throws(PostgreSQLFailure) in
          try pipeline.send(statement, parameters)
        }
        return try pipeline.sync()
      }
      guard results.first?.affectedRows == 1 else { return nil }
    } catch {
      if error.sqlstate == .uniqueViolation { return nil }
      throw error
    }
    batch.keep()
    return batch
  }

  /// Decides writes as of one state of the log.
  ///
  /// - Returns: `nil` if another gateway has committed meanwhile.
  private func decideWithoutLock(_ writes: [PendingWrite]) throws(PostgreSQLFailure) -> WriteBatch? {
    var request = LookupRequest(writes, cache, withIDs: false)
    var known = LookupResult()
    var base = cache.store
    var isConfirmed = false
    // Once with what is not in the cache; again for the lanes of events that inherit a routing key; and again with the
    // ids, if a write would be refused that may be stored already.
    while true {
      if base == nil || !request.isEmpty {
        let look = try look(request)
        guard base.map({ $0.isSameCommit(as: look.store) }) ?? true else {
          cache.forgetHeads()
          return nil
        }
        base = look.store
        known.merge(look.found)
        isConfirmed = look.isUnchanged
      }
      guard let store = base else { return nil }
      cache.store = store
      let batch = decide(writes, after: store, known)
      if !batch.missing.isEmpty {
        request = batch.missing
      } else if batch.hasRefusals, !request.hasIDs {
        request = LookupRequest(writes, cache, withIDs: true)
      } else if batch.isOnlyRefusals, !isConfirmed {
        // Nothing is swapped, so nothing else shows whether the log is still the same.
        return nil
      } else {
        return batch
      }
    }
  }

  /// Looks up what is requested, between two reads of the store.
  private func look(
    _ request: LookupRequest
  ) throws(PostgreSQLFailure) -> (store: StoreRow, found: LookupResult, isUnchanged: Bool) {
    let lookups = WriterLookups(request)
    return try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
      try pipeline.send(StoreRow.statement)
      try lookups.send { (statement, parameters) throws(PostgreSQLFailure) in try pipeline.send(statement, parameters) }
      try pipeline.send(StoreRow.statement)
      var results = try pipeline.sync()[...]
      let store = try StoreRow(results.popFirst())
      let found = try lookups.result { () throws(PostgreSQLFailure) in try results.next() }
      return (store, found, store.isSameCommit(as: try StoreRow(results.popFirst())))
    }
  }

  // MARK: Lock and look

  private func lockAndLook(
    _ writes: [PendingWrite], sending: (WriteBatch) -> Void
  ) throws(PostgreSQLFailure) -> WriteBatch {
    cache.forgetHeads()
    let batch = try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
      try pipeline.send(.begin)
      try pipeline.send(StoreRow.lockStatement)
      let store: StoreRow
      var known: LookupResult
      do {
        let lookups = WriterLookups(LookupRequest(writes, cache, withIDs: true))
        try lookups.send { (statement, parameters) throws(PostgreSQLFailure) in try pipeline.send(statement, parameters)
        }
        // The later statements see what was committed before the lock was acquired.
        var results = try pipeline.syncInTransaction().dropFirst()
        store = try StoreRow(results.popFirst())
        known = try lookups.result { () throws(PostgreSQLFailure) in try results.next() }
      }
      var batch = decide(writes, after: store, known)
      while !batch.missing.isEmpty {
        let lookups = WriterLookups(batch.missing)
        try lookups.send { (statement, parameters) throws(PostgreSQLFailure) in try pipeline.send(statement, parameters)
        }
        var results = try pipeline.syncInTransaction()[...]
        known.merge(try lookups.result { () throws(PostgreSQLFailure) in try results.next() })
        batch = decide(writes, after: store, known)
      }
      if batch.isOnlyRefusals {
        try pipeline.send(.rollback)
      } else {
        sending(batch)
        try batch.send(notifying: channel) { (statement, parameters) throws(PostgreSQLFailure) in
          try pipeline.send(statement, parameters)
        }
        try pipeline.send(.commit)
      }
      try pipeline.sync()
      return batch
    }
    batch.keep()
    return batch
  }

  // MARK: A commit without a known outcome

  /// Returns whether a batch was committed, for good.
  ///
  /// Under the lock, since a first attempt may still wait for it. Once it returns false, the batch never will be: a swap
  /// that arrives late finds another term. Once it returns true, the batch is on a synchronous standby
  /// too, if there must be one, since a later commit is: the first attempt may have ended while it waited for the
  /// standby.
  func isStored(_ batch: WriteBatch) throws(PostgreSQLFailure) -> Bool {
    try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
      try pipeline.send(.begin)
      try pipeline.send(StoreRow.lockStatement)
      try pipeline.send(Self.commitIDStatement, [.int8(batch.store.end.position)])
      try pipeline.send(Self.nextTermStatement)
      try pipeline.send(.commit)
      let results = try pipeline.sync()
      return results[2].rowCount == 1 && results[2].integer(0, 0) == batch.store.end.commitID
    }
  }

  private static let nextTermStatement = Statement("UPDATE store SET term = term + 1")
  private static let commitIDStatement = Statement("SELECT commit_id FROM event WHERE position = $1", .int8)
}

extension ArraySlice<QueryResult> {
  fileprivate mutating func next() throws(PostgreSQLFailure) -> QueryResult {
    guard let result = popFirst() else {
      throw PostgreSQLFailure(
        .rejectedCall, message: "fewer results than statements", action: "look up", mayHaveCommitted: false,
        isConnectionLost: false)
    }
    return result
  }
}
