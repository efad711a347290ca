internal import Synchronization

/// The events of a sequence, in the pages in which they arrive.
///
/// One page at most waits here: the next one is requested once it has been taken. The sequence ends when this object is
/// released.
final class FollowedPages: Sendable {
  typealias Page = Result<[Edge<Event>], any Error>

  /// Holds one page between the task that iterates and the worker.
  private final class Slot: Sendable {
    let arrivals = CommitSignal()
    private let departures = CommitSignal()
    private let page = Mutex<Page?>(nil)

    /// Returns once the page has been taken, or the task is cancelled.
    func put(_ new: Page) async {
      let count = departures.count
      page.withLock { $0 = new }
      arrivals.advance()
      await departures.wait(past: count, until: .now + .seconds(365 * 86_400))
    }

    func take() -> Page? {
      let taken = page.withLock { $0.take() }
      if taken != nil { departures.advance() }
      return taken
    }
  }

  private let slot = Slot()
  private let task: Task<Void, Never>

  init(_ events: EventSequence) {
    task = Task { [slot] in
      var iterator = events.makeAsyncIterator()
      do {
        while let page = try await iterator.nextPage() { await slot.put(.success(page)) }
      } catch {
        await slot.put(.failure(error))
      }
    }
  }

  deinit {
    task.cancel()
  }

  /// Advances when a page has arrived.
  var arrivals: CommitSignal { slot.arrivals }

  /// The page that has arrived, or the error that ended the sequence; `nil` if neither has.
  func take() -> Page? { slot.take() }
}
