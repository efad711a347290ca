public import Evento

/// A read model: all accounts at a glance, kept up to date by a subscription.
///
/// It is kept in memory alone, so its subscription starts from the beginning each time. One in a database would go on
/// from where it was: the store remembers the place.
public actor AccountBook {
  public struct Entry: Equatable, Sendable {
    public var owner = ""
    public var cents = 0
    public var isOpen = true
    /// The last event of the account that is in here.
    var version = 0
  }

  /// By account id.
  public private(set) var entries: [String: Entry] = [:]

  public init() {}

  /// The money of all accounts together, in cents.
  public var totalCents: Int { entries.values.reduce(0) { $0 + $1.cents } }

  /// What keeps the book: start it on the store that the bank writes to.
  public nonisolated var subscription: Subscription {
    Subscription("account-book")
      .replay()
      .on(AccountOpened.self) { event in await self.update(event) { $0.owner = event.data.owner } }
      .on(MoneyDeposited.self) { event in await self.update(event) { $0.cents += event.data.cents } }
      .on(MoneyWithdrawn.self) { event in await self.update(event) { $0.cents -= event.data.cents } }
      .on(MoneySent.self) { event in await self.update(event) { $0.cents -= event.data.cents } }
      .on(MoneyReceived.self) { event in await self.update(event) { $0.cents += event.data.cents } }
      .on(AccountClosed.self) { event in await self.update(event) { $0.isOpen = false } }
  }

  /// Every event comes at least once: one that is in the book already is passed over, or money would count twice.
  private func update(_ event: EventData<some AccountEvent>, _ change: @Sendable (inout Entry) -> Void) {
    var entry = entries[event.aggregatorID] ?? Entry()
    guard event.version > entry.version else { return }
    change(&entry)
    entry.version = event.version
    entries[event.aggregatorID] = entry
  }
}
