internal import Evento

/// Whom the events of a page concern.
struct Audience: PageBuilder {
  struct Page: Sendable {
    /// Of the filters that one of the events passes.
    let signals: [CommitSignal]
    let events: Int
    let info: PageInfo
  }

  static let needsContent = false

  private let followed: () -> FilterIndex<CommitSignal>
  private var signals: FilterIndex<CommitSignal>?
  private var found = FilterIndex<CommitSignal>.Matches()
  private var events = 0

  /// - Parameter followed: who follows. It is called when the first event is shown, and no earlier: whoever begins to
  ///   follow before that is among them, and whoever begins after it reads these events himself, for they have committed.
  init(_ followed: @escaping () -> FilterIndex<CommitSignal>) {
    self.followed = followed
  }

  mutating func add(_ event: borrowing EventView) -> Bool {
    let signals = signals ?? followed()
    self.signals = signals
    signals.find(event, &found)
    events += 1
    return true
  }

  mutating func finish(_ info: PageInfo) -> Page {
    Page(signals: signals?.values(found) ?? [], events: events, info: info)
  }
}
