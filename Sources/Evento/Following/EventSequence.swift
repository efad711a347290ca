/// The events of a log after a position: first those that are stored, then those that commit, as long as the sequence
/// is iterated.
///
/// Nothing is read before the iteration begins, and no more than a page ahead of it: while the events of a page are
/// handled, the next one is read, if the page says that there is one. Each iteration is independent and
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
  /// It is called for one page at a time, each after the end cursor of the one before: when the events of that one have
  /// been taken, or, if its `hasNextPage` is true, at once, in a task of its own. An error ends the sequence after the
  /// events before it. If the task is cancelled, it should return or throw soon.
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
    /// The next page, if it is already being read.
    private var pageAhead: ReadAhead<ReadResult<Event>>?
    /// The events of the page that have not been taken, in reverse order: the last one of an array can be moved out of
    /// it, while any other would be copied, with a reference count for each of its texts.
    private var reversedEdges: [Edge<Event>] = []

    fileprivate init(start: Args.Start, nextPage: @escaping NextPage) {
      self.start = start
      self.nextPage = nextPage
    }

    /// Returns the next event, and waits until there is one.
    ///
    /// - Returns: `nil` if the task has been cancelled.
    public mutating func next() async throws -> Edge<Event>? {
      if reversedEdges.isEmpty { try await fetch() }
      if Task.isCancelled { end() }
      return reversedEdges.popLast()
    }

    /// Returns the next available events, at least one, and waits until there are any.
    ///
    /// - Returns: `nil` if the task has been cancelled.
    package mutating func nextPage() async throws -> [Edge<Event>]? {
      if reversedEdges.isEmpty { try await fetch() }
      if Task.isCancelled { end() }
      guard !reversedEdges.isEmpty else { return nil }
      var edges: [Edge<Event>] = []
      swap(&edges, &reversedEdges)
      edges.reverse()
      return edges
    }

    /// Reads until there are events, or the iteration ends.
    private mutating func fetch() async throws {
      while reversedEdges.isEmpty, let nextPage, !Task.isCancelled {
        do {
          let page: ReadResult<Event>
          if let pageAhead { page = try await pageAhead.value() } else { page = try await nextPage(start) }
          take(page)
          pageAhead = page.pageInfo.hasNextPage ? ReadAhead { [start] () throws in try await nextPage(start) } : nil
        } catch {
          let isCancelled = Task.isCancelled
          end()
          // A call that was aborted by the cancellation is not an error.
          if isCancelled { return }
          throw error
        }
      }
    }

    /// Ends the iteration.
    private mutating func end() {
      (nextPage, pageAhead, reversedEdges) = (nil, nil, [])
    }

    private mutating func take(_ page: ReadResult<Event>) {
      if let end = page.pageInfo.endCursor ?? page.edges.last?.cursor {
        start = .after(end)
      } else if start == .now {
        // An empty log has no position: its end is its beginning, and the first commit there must not be skipped.
        start = .beginning
      }
      reversedEdges = page.edges
      reversedEdges.reverse()
    }
  }
}
