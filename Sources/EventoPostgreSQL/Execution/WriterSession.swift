internal import Evento
internal import EventoStorage

/// The writer's connection, with what was cached through it.
///
/// A batch is stored in one of two ways:
///
/// - *Compare and swap*, if no other gateway has written lately. The writes are decided from the cache and look-ups
///   without a lock. The row of the store is then updated only if it is still the one after which they were decided, and
///   the rows are added only if it was. So the lock is held for one round trip.
/// - *Lock and look up*, if the swap failed because another gateway was quicker. The row of the store is locked first, and
///   everything is looked up under the lock. The writes that arrived during the wait for the lock join the batch: while
///   several gateways take turns, each of them has many.
///
/// In both, what a write itself takes for new is not looked up: the ids of its events, and an aggregate whose version
/// it gives as 1. If one is stored already, a unique index refuses the batch, and it is decided again with all look-ups.
final class WriterSession {
  let connection: Connection
  private let cache = WriterCache()
  private let channel: String
  private let now: @Sendable () -> Timestamp
  /// The batch of the latest attempt to store writes, if its commit was sent: the one in doubt if the outcome is unknown.
  private(set) var sent: WriteBatch?
  /// Until then, other gateways are expected to be quicker.
  private var locksUntil = ContinuousClock.now
  /// Until then, further writes are expected to be stored already.
  private var looksUpUntil = ContinuousClock.now

  /// The time for which an expectation lasts after a swap that failed because of it.
  private static let expectationDuration: Duration = .seconds(1)

  init(_ connection: Connection, channel: String, now: @escaping @Sendable () -> Timestamp) {
    self.connection = connection
    self.channel = channel
    self.now = now
  }

  /// The writes of a batch. It grows while the lock is waited for.
  struct Writes {
    private(set) var all: [PendingWrite]
    /// Takes the writes that wait and that fit into the batch.
    let more: (_ writes: [PendingWrite]) -> [PendingWrite]

    init(_ writes: [PendingWrite], more: @escaping (_ writes: [PendingWrite]) -> [PendingWrite] = { _ in [] }) {
      all = writes
      self.more = more
    }

    fileprivate mutating func takeMore() { all += more(all) }
  }

  /// Decides writes, and stores those that are accepted.
  ///
  /// - Parameters:
  ///   - writes: The writes. On return, and if it throws, all that the batch has.
  ///   - sending: Called before a commit is sent.
  /// - Returns: The batch, whose outcomes are final.
  func store(
    _ writes: inout Writes, sending: (WriteBatch) -> Void
  ) throws(PostgreSQLFailure) -> WriteBatch {
    let assumesNew = ContinuousClock.now >= looksUpUntil
    do throws(PostgreSQLFailure) {
      if ContinuousClock.now >= locksUntil {
        if let batch = try swap(writes.all, assumesNew: assumesNew, sending: sending) { return batch }
        locksUntil = .now + Self.expectationDuration
      }
      return try lockAndLookUp(&writes, assumesNew: assumesNew, sending: sending)
    } catch {
      // Without the assumption, nothing can be stored already.
      guard assumesNew, error.sqlstate == .uniqueViolation else { throw error }
      looksUpUntil = .now + Self.expectationDuration
      return try lockAndLookUp(&writes, assumesNew: false, sending: sending)
    }
  }

  private func decide(_ writes: [PendingWrite], after store: StoreRow, _ known: LookupResult) -> WriteBatch {
    let batch = WriteBatch(after: store, known, cache, time: now().clamped)
    for write in writes { batch.decide(write) }
    return batch
  }

  private func willSend(_ batch: WriteBatch, _ sending: (WriteBatch) -> Void) {
    sent = batch
    sending(batch)
  }

  // MARK: Compare and swap

  /// - Returns: `nil` if nothing was stored, because another gateway has committed.
  private func swap(
    _ writes: [PendingWrite], assumesNew: Bool, sending: (WriteBatch) -> Void
  ) throws(PostgreSQLFailure) -> WriteBatch? {
    sent = nil
    guard let batch = try decideWithoutLock(writes, assumesNew: assumesNew) else { return nil }
    guard !batch.isOnlyRefusals else { return batch }
    willSend(batch, sending)
    // Without BEGIN, since the sync ends a transaction.
    let results = try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
      try batch.send(notifying: channel) { (statement, parameters) throws(PostgreSQLFailure) in
        try pipeline.send(statement, parameters)
      }
      return try pipeline.sync()
    }
    guard results.first?.rowCount == 1 else { return nil }
    batch.keep()
    return batch
  }

  /// Decides writes as of one state of the log.
  ///
  /// - Returns: `nil` if another gateway has committed meanwhile.
  private func decideWithoutLock(
    _ writes: [PendingWrite], assumesNew: Bool
  ) throws(PostgreSQLFailure) -> WriteBatch? {
    var assumesNew = assumesNew
    var request = LookupRequest(writes, cache, assumesNew: assumesNew)
    var known = LookupResult()
    var base = cache.store
    var isConfirmed = false
    // Once with what is not in the cache; again for the lanes of events that inherit a routing key; and again with what
    // was taken for new, if a write would be refused that may be stored already.
    while true {
      if base == nil || !request.isEmpty {
        let answer = try lookUp(request)
        guard base.map({ $0.isSameCommit(as: answer.store) }) ?? true else {
          cache.forgetHeads()
          return nil
        }
        base = answer.store
        known.merge(answer.found)
        isConfirmed = answer.isUnchanged
      }
      known.assumeNew(in: request)
      guard let store = base else { return nil }
      cache.store = store
      let batch = decide(writes, after: store, known)
      if !batch.missing.isEmpty {
        request = batch.missing
      } else if batch.hasRefusals, assumesNew {
        assumesNew = false
        request = LookupRequest(writes, cache, assumesNew: false)
      } else if batch.isOnlyRefusals, !isConfirmed {
        // Nothing is swapped, so nothing else shows whether the log is still the same.
        return nil
      } else {
        return batch
      }
    }
  }

  /// Looks up what is requested, between two reads of the store.
  private func lookUp(
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

  // MARK: Lock and look up

  private func lockAndLookUp(
    _ writes: inout Writes, assumesNew: Bool, sending: (WriteBatch) -> Void
  ) throws(PostgreSQLFailure) -> WriteBatch {
    sent = nil
    cache.forgetHeads()
    var batchWrites = writes
    defer { writes = batchWrites }
    let batch = try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
      try pipeline.send(.begin)
      try pipeline.send(StoreRow.lockStatement)
      var request = LookupRequest(batchWrites.all, cache, assumesNew: assumesNew)
      var lookups = WriterLookups(request)
      try lookups.send { (statement, parameters) throws(PostgreSQLFailure) in try pipeline.send(statement, parameters) }
      // The later statements see what was committed before the lock was acquired.
      var results = try pipeline.syncInTransaction().dropFirst()
      let store = try StoreRow(results.popFirst())
      var known = try lookups.result { () throws(PostgreSQLFailure) in try results.next() }
      known.assumeNew(in: request)

      let first = batchWrites.all.count
      batchWrites.takeMore()
      request = LookupRequest(batchWrites.all, from: first, cache, assumesNew: assumesNew)
      var mayAssume = assumesNew
      var batch: WriteBatch
      while true {
        if !request.isEmpty {
          lookups = WriterLookups(request)
          try lookups.send { (statement, parameters) throws(PostgreSQLFailure) in
            try pipeline.send(statement, parameters)
          }
          results = try pipeline.syncInTransaction()[...]
          known.merge(try lookups.result { () throws(PostgreSQLFailure) in try results.next() })
        }
        known.assumeNew(in: request)
        batch = decide(batchWrites.all, after: store, known)
        if !batch.missing.isEmpty {
          request = batch.missing
        } else if batch.hasRefusals, mayAssume {
          mayAssume = false
          request = LookupRequest(batchWrites.all, cache, assumesNew: false)
        } else {
          break
        }
      }
      if batch.isOnlyRefusals {
        try pipeline.send(.rollback)
      } else {
        willSend(batch, sending)
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

  // MARK: Other commits

  /// Commits without a change of the log, like any commit: it waits for the lock of the log, for the disk and for a
  /// synchronous standby.
  func commitNothing() throws(PostgreSQLFailure) {
    try connection.run(Self.nothingStatement)
  }

  private static let nothingStatement = Statement("UPDATE store SET term = term")

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
