public import Evento

/// Everything about an account that a decision rests on.
public struct AccountDetails: Codable, Equatable, Sendable {
  public enum Status: String, Codable, Sendable {
    case open, frozen, closed
  }

  public var owner = ""
  public var cents = 0
  public var status = Status.open

  /// How the events make up the details.
  ///
  /// - The safety check makes sure that no event is forgotten here: a new type of event that nobody handles is an
  ///   error, not a wrong balance.
  /// - Snapshots spare an old account the walk through all of its history. The revision goes up whenever a handler
  ///   changes its mind, so that no snapshot of the old opinion is used.
  public static let projection = Projection<Account, AccountDetails>(initial: AccountDetails())
    .on(AccountOpened.self) { account, event in account.owner = event.data.owner }
    .on(MoneyDeposited.self) { account, event in account.cents += event.data.cents }
    .on(MoneyWithdrawn.self) { account, event in account.cents -= event.data.cents }
    .on(MoneySent.self) { account, event in account.cents -= event.data.cents }
    .on(MoneyReceived.self) { account, event in account.cents += event.data.cents }
    .on(AccountFrozen.self) { account, _ in account.status = .frozen }
    .on(AccountUnfrozen.self) { account, _ in account.status = .open }
    .on(AccountClosed.self) { account, _ in account.status = .closed }
    .safetyCheck()
    .snapshots(as: "bank/AccountDetails", every: 50)
    .revision("1")
}
