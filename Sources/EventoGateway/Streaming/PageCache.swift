internal import ByteCoding
internal import DequeModule
internal import Evento
internal import EventoWire
internal import Synchronization

/// Reads pages of the log for followers, which share the same page.
///
/// Without it, a thousand followers at the end of the log with the same filter would read the same page from the store
/// after each commit, and render it a thousand times. The log after a position only grows, so a page with events is also
/// valid for later followers at the same position, as long as the store's epoch is the same and nothing is erased. An
/// erasure by this gateway empties the cache. One by another process is not noticed, so a page is kept only for a moment.
final class PageCache: Sendable {
  /// Events after a position, as the lines of a stream.
  struct Page: Sendable {
    let lines: [UInt8]
    /// The position up to which the log was read.
    let end: Cursor?
    /// True if there was more after it.
    let hasMore: Bool
    /// The number of commits that were known before the read.
    let commitCount: UInt64
    /// A time before the read.
    let began: ContinuousClock.Instant
    let eventCount: Int

    var isEmpty: Bool { eventCount == 0 }
  }

  /// Writes the events of a read up to the size of a step, and always at least one.
  private struct Builder: PageBuilder {
    let rendering: StreamRendering
    let byteLimit: Int
    let commitCount: UInt64
    private let began = ContinuousClock.now
    private var lines: JSONWriter
    private var eventCount = 0

    init(_ rendering: StreamRendering, _ size: StepSize, _ commitCount: UInt64) {
      self.rendering = rendering
      byteLimit = size.bytes
      self.commitCount = commitCount
      // A large step is usually filled, and has room for one line more.
      lines = JSONWriter(capacity: size.bytes > StepSize.leastBytes ? size.bytes + 4096 : 0)
    }

    func hasRoom(payloadBytes: Int, isJSON: Bool) -> Bool {
      eventCount == 0 || lines.count + payloadBytes <= byteLimit
    }

    mutating func add(_ event: borrowing EventView) -> Bool {
      let before = lines.count
      rendering.format.append(event, rendering.encoding, to: &lines)
      guard eventCount == 0 || lines.count <= byteLimit else {
        lines.cut(to: before)
        return false
      }
      eventCount += 1
      return true
    }

    mutating func finish(_ info: PageInfo) -> Page {
      Page(
        lines: lines.take(roomKept: 4096), end: info.endCursor, hasMore: info.hasNextPage, commitCount: commitCount,
        began: began, eventCount: eventCount)
    }
  }

  private struct Key: Hashable {
    /// The value of ``FollowerHub/Membership/number``: a filter itself may be long.
    let filter: Int
    /// The position; `nil` at the beginning.
    let position: Cursor?
    let rendering: StreamRendering
    /// The maximum size: a slow client must not get a page of a quick one.
    let bytes: Int
    /// The value of ``CallbackExecutor/epoch`` before the read.
    let epoch: UInt64
    /// The number of erasures before the read.
    let erasures: Int
  }

  private struct ReadKey: Hashable {
    let page: Key
    /// A read that began before a commit does not see it, so only followers that have seen the same commits share one.
    let commitCount: UInt64
  }

  private typealias Waiter = CheckedContinuation<Page, any Error>

  /// A read that waits for its turn or has begun.
  private struct PendingRead {
    /// The number of the follower that began it. After all have left, a newer read may have the same key.
    let number: Int
    let task: Task<Void, Never>
    /// The followers that wait for the page, by number. The code that removes one resumes it, so each is resumed once.
    var waiters: [Int: Waiter] = [:]
  }

  private struct State {
    var pendingReads: [ReadKey: PendingRead] = [:]
    var pages: [Key: Page] = [:]
    var order: Deque<Key> = []
    /// The size of the kept pages.
    var bytes = 0

    mutating func keep(_ page: Page, _ key: Key) {
      guard !page.isEmpty, page.lines.count <= key.bytes else { return }
      // An older one may be there, which is not used any more.
      if let old = pages.updateValue(page, forKey: key) { bytes -= old.lines.count } else { order.append(key) }
      bytes += page.lines.count
      while bytes > PageCache.bytesKept || order.count > PageCache.pagesKept, let oldest = order.popFirst() {
        bytes -= pages.removeValue(forKey: oldest)?.lines.count ?? 0
      }
    }
  }

  private let store: any CallbackExecutor
  private let state = Mutex(State())
  private let waits = Atomic(0)
  private let erasures = Atomic(0)
  private let readLimits: FollowerReadLimits

  /// The time for which a page is used, from its read on.
  private static let lifetime: Duration = .milliseconds(100)
  /// The maximum number of kept pages, and of their bytes.
  private static let pagesKept = 32
  private static let bytesKept = 2 << 20

  init(_ store: any CallbackExecutor, readLimits: FollowerReadLimits) {
    self.store = store
    self.readLimits = readLimits
  }

  /// Returns the page after a position.
  ///
  /// - Parameters:
  ///   - size: The maximum size of the page.
  ///   - progress: The follower's progress in the log.
  ///   - commitCount: The number of commits that the caller has seen.
  /// - Throws: ``AsyncSemaphore/Closed`` if the gateway stops before it is read; `requestDropped` if the task is cancelled
  ///   before the page is there. A read is dropped if the tasks of all followers that wait for it are cancelled before
  ///   it begins.
  func page(
    _ membership: FollowerHub.Membership, _ start: Args.Start, _ rendering: StreamRendering, _ size: StepSize,
    progress: FollowerReadLimits.Progress, _ commitCount: UInt64
  ) async throws -> Page {
    let filter = membership.filter
    let semaphore = readLimits.semaphore(for: progress, filter)
    let readInTurn = { @Sendable [self] () async throws in
      try await semaphore.withPermit { try await read(filter, start, rendering, size, commitCount) }
    }
    let position: Cursor?
    switch start {
    case .beginning: position = nil
    case .after(let cursor): position = cursor
    // The end of the log moves, so this page can't be shared.
    case .now: return try await readInTurn()
    }
    let page = Key(
      filter: membership.number, position: position, rendering: rendering, bytes: size.bytes, epoch: store.epoch,
      erasures: erasures.load(ordering: .sequentiallyConsistent))
    let key = ReadKey(page: page, commitCount: commitCount)
    let number = waits.add(1, ordering: .relaxed).newValue
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        join(key, number, waiter, orBegin: readInTurn)
      }
    } onCancel: {
      leave(key, number)
    }
  }

  /// Forgets all pages, because events were erased. Neither they nor a read that has begun are used for a later call of
  /// ``page(_:_:_:_:progress:_:)``.
  func forget() {
    erasures.add(1, ordering: .sequentiallyConsistent)
    state.withLock { state in
      (state.pages, state.order, state.bytes) = ([:], [], 0)
    }
  }

  private func read(
    _ filter: FollowFilter, _ start: Args.Start, _ rendering: StreamRendering, _ size: StepSize, _ commitCount: UInt64
  ) async throws -> Page {
    try await store.viewPage(
      filter.aggregators, routingKey: filter.routingKey, args: .forward(first: size.events, after: start),
      into: { Builder(rendering, size, commitCount) })
  }

  /// Waits for a page that is kept or being read, or for one that is read now.
  private func join(
    _ key: ReadKey, _ number: Int, _ waiter: Waiter, orBegin read: @escaping @Sendable () async throws -> Page
  ) {
    let known = state.withLock { state -> Result<Page, any Error>? in
      // If the task is cancelled later, `leave` finds the waiter.
      if Task.isCancelled { return .failure(EventoError.requestDropped) }
      if let page = state.pages[key.page], .now - page.began < Self.lifetime { return .success(page) }
      // In place, without a copy: a thousand followers may wait for one read.
      state.pendingReads[key, default: PendingRead(number: number, task: Task { await run(key, number, read) })]
        .waiters[number] = waiter
      return nil
    }
    if let known { waiter.resume(with: known) }
  }

  /// Ends the wait of a cancelled task, and cancels the read if no other follower waits for it.
  private func leave(_ key: ReadKey, _ number: Int) {
    let (waiter, abandoned) = state.withLock { state -> (Waiter?, PendingRead?) in
      guard let waiter = state.pendingReads[key]?.waiters.removeValue(forKey: number) else { return (nil, nil) }
      guard state.pendingReads[key]?.waiters.isEmpty == true else { return (waiter, nil) }
      return (waiter, state.pendingReads.removeValue(forKey: key))
    }
    abandoned?.task.cancel()
    waiter?.resume(throwing: EventoError.requestDropped)
  }

  private func run(_ key: ReadKey, _ number: Int, _ read: @Sendable () async throws -> Page) async {
    let result: Result<Page, any Error>
    do {
      result = .success(try await read())
    } catch {
      result = .failure(error)
    }
    let waiters = state.withLock { state -> [Int: Waiter] in
      if case .success(let page) = result { state.keep(page, key.page) }
      guard state.pendingReads[key]?.number == number else { return [:] }
      return state.pendingReads.removeValue(forKey: key)?.waiters ?? [:]
    }
    for waiter in waiters.values { waiter.resume(with: result) }
  }
}

/// The rendering of events on a stream: followers with the same rendering can share output.
struct StreamRendering: Hashable, Sendable {
  let format: StreamFormat
  let encoding: PayloadEncoding
}
