/// The events of a log after a position: first those that are stored, then those that commit, as long as the sequence
/// is iterated.
///
/// Nothing is read before the iteration begins, and no more than a page ahead of it. Each iteration is independent and
/// starts at the same position; with `Args.Start.now`, at the end of the log at that time. To continue after it has
/// ended, follow again after the cursor of the last event.
///
/// It ends when its task is cancelled, and throws errors that waiting can't fix, such as `cursor_not_in_history`.
public struct EventSequence: AsyncSequence, Sendable {
  public typealias Element = Edge<Event>
  public typealias Failure = any Error

  /// Returns the next events after a position. If there are none, it waits for them. It may sometimes return an empty
  /// page, whose end cursor is the position up to which the log was read.
  ///
  /// It is called for one page at a time, each after the end cursor of the one before. An error ends the sequence. If
  /// the task is cancelled, it should return or throw soon.
  public typealias NextPage = @Sendable (Args.Start) async throws -> ReadResult<Event>

  private let start: Args.Start
  private let makePages: @Sendable () -> NextPage
  /// True if it reads the log repeatedly to find new events, because the store can't report commits.
  package let isPolled: Bool

  /// Creates a sequence of events that are returned page by page.
  ///
  /// - Parameters:
  ///   - start: The start position of each iteration.
  ///   - makePages: Called once for each iteration, so that its captures belong to that iteration.
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
    /// `nil` once the iteration has ended, so that its captures are released then.
    private var nextPage: NextPage?
    private var edges: ArraySlice<Edge<Event>> = []

    fileprivate init(start: Args.Start, nextPage: @escaping NextPage) {
      self.start = start
      self.nextPage = nextPage
    }

    /// Returns the next event, and waits until there is one.
    ///
    /// - Returns: `nil` if the task has been cancelled.
    public mutating func next() async throws -> Edge<Event>? {
      guard try await fetch() else { return nil }
      return edges.popFirst()
    }

    /// Returns the next available events, at least one, and waits until there are any.
    ///
    /// - Returns: `nil` if the task has been cancelled.
    package mutating func nextPage() async throws -> [Edge<Event>]? {
      guard try await fetch() else { return nil }
      defer { edges = [] }
      return Array(edges)
    }

    /// - Returns: True if there are events.
    private mutating func fetch() async throws -> Bool {
      while let nextPage, !Task.isCancelled {
        if !edges.isEmpty { return true }
        do {
          take(try await nextPage(start))
        } catch {
          self.nextPage = nil
          // A call that was aborted by the cancellation is not an error.
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
        // An empty log has no position: its end is its beginning, and the first commit there must not be skipped.
        start = .beginning
      }
    }
  }
}
