internal import DequeModule
internal import Evento
internal import Synchronization

/// Limits the number of followers that read the store at the same time: one commit can wake all of them, and every
/// other request would wait behind their reads.
///
/// A read at the end of the log is short, and a read far from the end can be long, so each kind has its own queue. Far
/// from the end, each filter costs searches of an index, so reads with many filters and reads with few have separate
/// queues.
struct FollowerGates: Sendable {
  /// The state of a follower's position in the log.
  enum Standing: Sendable {
    /// The follower has read nothing yet.
    case unknown
    /// Its last read reached the end of the log, or it starts there.
    case atEnd
    /// Its last read found more than one page.
    case behind
  }

  /// The gates for followers that may be far from the end.
  private struct Gates: Sendable {
    let unknown = ReadGate(limit: 4)
    let behind = ReadGate(limit: 2)
  }

  private static let fewAggregators = 8

  private let atEnd = ReadGate(limit: 16)
  private let few = Gates()
  private let many = Gates()

  func gate(for standing: Standing, _ filter: FollowFilter) -> ReadGate {
    let gates = (filter.aggregators?.count ?? 0) <= Self.fewAggregators ? few : many
    return switch standing {
    case .unknown: gates.unknown
    case .atEnd: atEnd
    case .behind: gates.behind
    }
  }

  /// Lets no more reads begin, because the gateway stops.
  func close() {
    for gate in [atEnd, few.unknown, few.behind, many.unknown, many.behind] { gate.close() }
  }
}

/// Lets a few reads run at the same time; the others wait in a queue.
final class ReadGate: Sendable {
  /// The error of reads that wait when the gate is closed.
  struct Closed: Error {}

  private struct State {
    var inside = 0
    var isClosed = false
    /// The continuations of waiting reads. The code that removes one resumes it, so each is resumed once: with `true`
    /// if it has entered.
    var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
    /// The numbers in order of arrival. Those of cancelled tasks stay until their turn.
    var line: Deque<Int> = []
  }

  private let state = Mutex(State())
  private let arrivals = Atomic(0)
  private let limit: Int

  /// - Parameter limit: The maximum number of reads inside.
  init(limit: Int) {
    self.limit = limit
  }

  var inside: Int { state.withLock { $0.inside } }
  var waiting: Int { state.withLock { $0.waiting.count } }

  /// Runs the body once it has entered.
  ///
  /// - Throws: ``Closed`` if the gate is closed first; `requestDropped` if the task is cancelled first: it leaves the
  ///   queue.
  func pass<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
    guard await enter() else {
      if state.withLock({ $0.isClosed }) { throw Closed() }
      throw EventoError.requestDropped
    }
    defer { leave() }
    return try await body()
  }

  /// - Returns: True if it has entered.
  private func enter() async -> Bool {
    let number = arrivals.add(1, ordering: .relaxed).newValue
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isInside = state.withLock { state -> Bool? in
          // If the task is cancelled later, the handler finds the continuation.
          if Task.isCancelled || state.isClosed { return false }
          guard state.inside < limit else {
            state.waiting[number] = continuation
            state.line.append(number)
            return nil
          }
          state.inside += 1
          return true
        }
        if let isInside { continuation.resume(returning: isInside) }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: false)
    }
  }

  /// Closes the gate: nothing enters from now on. Reads that have entered continue.
  func close() {
    let waiting = state.withLock { state in
      state.isClosed = true
      defer { state.waiting = [:] }
      return state.waiting.values
    }
    for continuation in waiting { continuation.resume(returning: false) }
  }

  private func leave() {
    state.withLock { state -> CheckedContinuation<Bool, Never>? in
      while let number = state.line.popFirst() {
        if let next = state.waiting.removeValue(forKey: number) { return next }
      }
      state.inside -= 1
      return nil
    }?.resume(returning: true)
  }
}
