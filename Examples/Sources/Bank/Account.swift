public import Evento

/// The aggregate: an account, with an id and a history of its own.
public enum Account: Aggregate {
  public static let aggregatorType = "bank/Account"
}

/// What can happen to an account.
///
/// An event says what has been decided, so its name is in the past tense, and once it is committed it never changes.
/// The type's name is the event's name in the store, and its properties are the payload.
public protocol AccountEvent: AggregateEvent where Aggregate == Account {}

public struct AccountOpened: AccountEvent {
  public var owner: String
}

public struct MoneyDeposited: AccountEvent {
  public var cents: Int
}

public struct MoneyWithdrawn: AccountEvent {
  public var cents: Int
}

public struct MoneySent: AccountEvent {
  public var cents: Int
  /// The id of the account that receives it.
  public var to: String
}

public struct MoneyReceived: AccountEvent {
  public var cents: Int
  /// The id of the account that sent it.
  public var from: String
}

public struct AccountFrozen: AccountEvent {
  public var reason: String
}

public struct AccountUnfrozen: AccountEvent {}

public struct AccountClosed: AccountEvent {}
