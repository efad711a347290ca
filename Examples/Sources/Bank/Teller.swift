public import Evento

/// Where one asks the bank for something.
///
/// Each command loads the account, decides, and commits what has happened. It works on any executor: a file, memory, or
/// a gateway.
public struct Teller: Sendable {
  private let store: any Executor
  /// Kept with every event.
  private let name: String

  public init(_ name: String, store: any Executor) {
    self.name = name
    self.store = store
  }

  /// The largest amount of one transaction, in cents.
  public static let largestAmount = 100_000_000_000

  // MARK: Commands

  /// - Returns: the new account's id.
  public func open(owner: String) async throws -> String {
    try await commit(Account.create().event(AccountOpened(owner: owner))).id
  }

  public func deposit(_ cents: Int, to id: String) async throws {
    try check(cents)
    try await change(id) { account in
      try mustBeOpen(account)
      return account.aggregate().event(MoneyDeposited(cents: cents))
    }
  }

  public func withdraw(_ cents: Int, from id: String) async throws {
    try check(cents)
    try await change(id) { account in
      try mustBeOpen(account)
      guard account.cents >= cents else { throw BankError.insufficientFunds(available: account.cents) }
      return account.aggregate().event(MoneyWithdrawn(cents: cents))
    }
  }

  /// Both accounts change in one write: the money is never in neither, nor in both.
  public func transfer(_ cents: Int, from senderID: String, to receiverID: String) async throws {
    try check(cents)
    guard senderID != receiverID else { throw BankError.sameAccount }
    try await change(senderID) { sender in
      try mustBeOpen(sender)
      guard sender.cents >= cents else { throw BankError.insufficientFunds(available: sender.cents) }
      let receiver = try await details(of: receiverID)
      try mustBeOpen(receiver)
      return sender.aggregate().event(MoneySent(cents: cents, to: receiverID))
        .and(receiver.aggregate().event(MoneyReceived(cents: cents, from: senderID)))
    }
  }

  public func freeze(_ id: String, because reason: String) async throws {
    try await change(id) { account in
      try mustBeOpen(account)
      return account.aggregate().event(AccountFrozen(reason: reason))
    }
  }

  /// An account that is not frozen stays as it is.
  public func unfreeze(_ id: String) async throws {
    try await change(id) { account in
      account.status == .frozen ? account.aggregate().event(AccountUnfrozen()) : nil
    }
  }

  public func close(_ id: String) async throws {
    try await change(id) { account in
      try mustBeOpen(account)
      guard account.cents == 0 else { throw BankError.accountIsNotEmpty(cents: account.cents) }
      return account.aggregate().event(AccountClosed())
    }
  }

  // MARK: Queries

  public func details(of id: String) async throws -> LoadedAggregate<Account, AccountDetails> {
    guard let account = try await AccountDetails.projection.load(id, from: store) else {
      throw BankError.noSuchAccount(id)
    }
    return account
  }

  public func balance(of id: String) async throws -> Int {
    guard let account = try await AccountBalance.projection.load(id, from: store) else {
      throw BankError.noSuchAccount(id)
    }
    return account.cents
  }

  // MARK: Deciding

  /// Loads an account, decides, commits.
  ///
  /// What was loaded may be old by the time of the commit. The store notices, since the builder says which version the
  /// decision rests on, and refuses it as a conflict. Then the decision is simply made again, on what is there now.
  private func change(
    _ id: String, _ decide: (LoadedAggregate<Account, AccountDetails>) async throws -> AggregateBuilder<Account>?
  ) async throws {
    while true {
      guard let decision = try await decide(details(of: id)) else { return }
      do {
        _ = try await commit(decision)
        return
      } catch let error as EventoError where error.code == .invalidOriginalVersion {
        continue
      }
    }
  }

  /// Writes what has been decided, in the teller's name.
  ///
  /// Where the answer got lost, nobody knows whether it was written, and it is sent again. It is the same builder, so the
  /// store knows its events by their ids, and writes them once.
  private func commit(_ decision: AggregateBuilder<Account>) async throws -> CommitResult {
    let decision = decision.requestedBy(name)
    do {
      return try await decision.commit(to: store)
    } catch let error as EventoError where error.isTransient {
      return try await decision.commit(to: store)
    }
  }

  private func mustBeOpen(_ account: LoadedAggregate<Account, AccountDetails>) throws(BankError) {
    guard account.status == .open else { throw .accountIsNotOpen(account.status) }
  }

  private func check(_ cents: Int) throws(BankError) {
    guard 1...Self.largestAmount ~= cents else { throw .invalidAmount(cents) }
  }
}
