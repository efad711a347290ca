/// The code of an error, five characters of which the first two are its class:
/// https://www.postgresql.org/docs/15/errcodes-appendix.html
struct SQLState: RawRepresentable, Hashable, CustomStringConvertible {
  let rawValue: String

  init(rawValue: String) {
    self.rawValue = rawValue
  }

  private init(_ rawValue: String) {
    self.rawValue = rawValue
  }

  var description: String { rawValue }

  /// The first two characters.
  var errorClass: Substring { rawValue.prefix(2) }

  static let connectionFailure = SQLState("08006")
  static let characterNotInRepertoire = SQLState("22021")
  static let invalidParameterValue = SQLState("22023")
  static let readOnlyTransaction = SQLState("25006")
  static let idleInTransactionTimeout = SQLState("25P03")
  static let uniqueViolation = SQLState("23505")
  static let invalidStatementName = SQLState("26000")
  static let invalidAuthorization = SQLState("28000")
  static let invalidPassword = SQLState("28P01")
  static let invalidCatalogName = SQLState("3D000")
  static let invalidSchemaName = SQLState("3F000")
  static let serializationFailure = SQLState("40001")
  static let statementCompletionUnknown = SQLState("40003")
  static let deadlockDetected = SQLState("40P01")
  static let insufficientPrivilege = SQLState("42501")
  static let syntaxError = SQLState("42601")
  static let undefinedParameter = SQLState("42704")
  static let undefinedTable = SQLState("42P01")
  static let duplicateStatement = SQLState("42P05")
  static let diskFull = SQLState("53100")
  static let tooManyConnections = SQLState("53300")
  static let programLimitExceeded = SQLState("54000")
  static let lockNotAvailable = SQLState("55P03")
  static let queryCanceled = SQLState("57014")
  static let adminShutdown = SQLState("57P01")
  static let crashShutdown = SQLState("57P02")
  static let cannotConnectNow = SQLState("57P03")
}
