/// Why the bank does not do what it was asked for.
public enum BankError: Error, Equatable, Sendable {
  case noSuchAccount(String)
  case accountIsNotOpen(AccountDetails.Status)
  /// Not 1 cent … ``Teller/largestAmount``.
  case invalidAmount(Int)
  case insufficientFunds(available: Int)
  case sameAccount
  case accountIsNotEmpty(cents: Int)
}
