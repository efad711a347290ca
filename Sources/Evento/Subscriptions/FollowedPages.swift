internal import Synchronization

/// The events of a sequence, in the pages in which they arrive.
///
/// One page at most waits here: the next one is requested once it has been taken. The sequence ends when this object is
/// released.
final class FollowedPages: Sendable {
  /// The events of a page, or the error that ended the sequence.
  typealias Arrival = Result<[Edge<Event>], any Error>

  /// Passes arrivals from the task that iterates to the worker.
  private final class Slot: Sendable {
    /// Advances with each arrival.
    let signal = CommitSignal()
    private let arrival = Mutex<Arrival?>(nil)

    func put(_ new: Arrival) {
      arrival.withLock { $0 = new }
      signal.advance()
    }

    func take() -> Arrival? { arrival.withLock { $0.take() } }
  }

  private let slot = Slot()
  /// Requests the next page.
  private let requests: AsyncStream<Void>.Continuation
  private let task: Task<Void, Never>

  init(_ events: EventSequence) {
    let (requested, requests) = AsyncStream.makeStream(of: Void.self)
    self.requests = requests
    task = Task { [slot] in
      var pages = events.makeAsyncIterator()
      do {
        for await _ in requested {
          guard let page = try await pages.nextPage() else { return }
          slot.put(.success(page))
        }
      } catch {
        slot.put(.failure(error))
      }
    }
    requests.yield()
  }

  deinit {
    task.cancel()
  }

  /// Advances when something has arrived: then the log has new events, as after a commit.
  var arrivals: CommitSignal { slot.signal }

  /// Returns what has arrived; `nil` if nothing has.
  func take() -> Arrival? {
    let arrival = slot.take()
    if case .success = arrival { requests.yield() }
    return arrival
  }
}
