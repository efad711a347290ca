internal import Evento

/// Collects the signals of the filters that at least one event of a page passes.
struct Audience: PageBuilder {
  struct Page: Sendable {
    let signals: [CommitSignal]
    let events: Int
    let info: PageInfo
  }

  static let needsContent = false

  private let tail: LogTail
  private var found = LogTail.Matches()
  private var events = 0

  /// A follower that joins before an event is shown is matched against it. One that joins later reads the event itself,
  /// since it has committed.
  init(_ tail: LogTail) {
    self.tail = tail
  }

  mutating func add(_ event: borrowing EventView) -> Bool {
    tail.find(EventNames(event), &found)
    events += 1
    return true
  }

  mutating func finish(_ info: PageInfo) -> Page {
    Page(signals: tail.signals(found), events: events, info: info)
  }
}
