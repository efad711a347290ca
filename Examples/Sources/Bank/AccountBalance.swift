public import Evento

/// The money alone: a projection takes from the same events whatever one question needs, and passes over the rest.
public struct AccountBalance: Equatable, Sendable {
  public var cents = 0

  public static let projection = Projection<Account, AccountBalance>(initial: AccountBalance())
    .on(MoneyDeposited.self) { $0.cents += $1.data.cents }
    .on(MoneyWithdrawn.self) { $0.cents -= $1.data.cents }
    .on(MoneySent.self) { $0.cents -= $1.data.cents }
    .on(MoneyReceived.self) { $0.cents += $1.data.cents }
}
