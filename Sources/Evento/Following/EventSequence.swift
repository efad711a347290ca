/// The events of a log from a place on: first what is stored, then what commits, for as long as somebody iterates.
///
/// Nothing is read before the iteration begins, and no more than a page ahead of it. Each iteration is one of its own
/// and starts at the same place; with `Args.Start.now`, at the end of the log as it is when it begins. To go on after it
/// has ended, follow again after the cursor of the last event.
///
/// It ends when its task is cancelled, and throws what can't be mended by waiting, such as `cursor_not_in_history`.
public struct EventSequence: AsyncSequence, Sendable {
  public typealias Element = Edge<Event>
  public typealias Failure = any Error

  /// The next events behind a place. Where there are none, it waits for them; it may give an empty page every now and
  /// then, whose end cursor is the place up to which the log was read.
  ///
  /// It is asked for one page at a time, each behind the end cursor of the one before. What it throws ends the sequence;
  /// where the task is cancelled it should return, or throw, soon.
  public typealias NextPage = @Sendable (Args.Start) async throws -> ReadResult<Event>

  private let start: Args.Start
  private let makePages: @Sendable () -> NextPage
  /// Whether it reads the log again and again to find new events, since the store can't tell of them.
  package let isPolled: Bool

  /// A sequence of events that are given page by page.
  ///
  /// - Parameters:
  ///   - start: where each iteration begins.
  ///   - makePages: is called once for each iteration, so that what it captures belongs to that one.
  public init(after start: Args.Start, _ makePages: @escaping @Sendable () -> NextPage) {
    self.init(after: start, isPolled: false, makePages)
  }

  init(after start: Args.Start, isPolled: Bool, _ makePages: @escaping @Sendable () -> NextPage) {
    self.start = start
    self.isPolled = isPolled
    self.makePages = makePages
  }

  public func makeAsyncIterator() -> Iterator {
    Iterator(start: start, nextPage: makePages())
  }

  public struct Iterator: AsyncIteratorProtocol {
    private var start: Args.Start
    /// `nil` once the iteration has ended, so that what it holds is let go of then.
    private var nextPage: NextPage?
    private var edges: ArraySlice<Edge<Event>> = []

    fileprivate init(start: Args.Start, nextPage: @escaping NextPage) {
      self.start = start
      self.nextPage = nextPage
    }

    /// The next event; waits until there is one.
    ///
    /// - Returns: `nil` where the task has been cancelled.
    public mutating func next() async throws -> Edge<Event>? {
      guard try await fetch() else { return nil }
      return edges.popFirst()
    }

    /// The next events that are there together, at least one; waits until there are any.
    ///
    /// - Returns: `nil` if the task has been cancelled.
    package mutating func nextPage() async throws -> [Edge<Event>]? {
      guard try await fetch() else { return nil }
      defer { edges = [] }
      return Array(edges)
    }

    /// - Returns: whether there are events.
    private mutating func fetch() async throws -> Bool {
      while let nextPage, !Task.isCancelled {
        if !edges.isEmpty { return true }
        do {
          take(try await nextPage(start))
        } catch {
          self.nextPage = nil
          // A call that was cut short by the cancellation is no failure.
          if Task.isCancelled { break }
          throw error
        }
      }
      nextPage = nil
      return false
    }

    private mutating func take(_ page: ReadResult<Event>) {
      edges = page.edges[...]
      if let end = page.pageInfo.endCursor ?? page.edges.last?.cursor {
        start = .after(end)
      } else if start == .now {
        // No place in a log that is empty: its end is its beginning, and what commits there first must not be passed over.
        start = .beginning
      }
    }
  }
}
