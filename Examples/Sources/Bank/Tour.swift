public import Evento

/// A walk through the example, on any store.
public enum Tour {
  /// Opens two accounts, moves money, and looks at them in three ways.
  ///
  /// - Returns: the story, a sentence a line.
  public static func run(on store: any Executor) async throws -> [String] {
    var lines: [String] = []
    let teller = Teller("teller-7", store: store)

    let ada = try await teller.open(owner: "Ada")
    let bob = try await teller.open(owner: "Bob")
    try await teller.deposit(100_00, to: ada)
    try await teller.withdraw(15_50, from: ada)
    try await teller.transfer(30_00, from: ada, to: bob)
    lines.append("Ada has \(try await teller.balance(of: ada)) cents, Bob has \(try await teller.balance(of: bob)).")

    do {
      try await teller.withdraw(1_000_00, from: bob)
    } catch BankError.insufficientFunds(let available) {
      lines.append("Bob can't withdraw 100000 cents: there are \(available).")
    }

    try await teller.freeze(ada, because: "card reported stolen")
    do {
      try await teller.deposit(1_00, to: ada)
    } catch BankError.accountIsNotOpen(let status) {
      lines.append("Deposits to Ada are refused: her account is \(status).")
    }
    try await teller.unfreeze(ada)

    try await teller.withdraw(30_00, from: bob)
    try await teller.close(bob)
    let details = try await teller.details(of: bob)
    lines.append("\(details.owner)'s account is \(details.status), after \(details.version) events.")

    let book = AccountBook()
    try await book.subscription.runOnce(on: store)
    for id in [ada, bob] {
      guard let entry = await book.entries[id] else { continue }
      lines.append("In the book: \(entry.owner), \(entry.cents) cents, \(entry.isOpen ? "open" : "closed").")
    }

    let history = try await store.read([ReadAggregator(Account.aggregatorType, id: ada)])
    for event in history.edges.map(\.node) {
      lines.append(
        "\(event.version). \(event.name) \(event.data.text ?? "") by \(event.metadata.requestedBy ?? "unknown")")
    }
    return lines
  }
}
