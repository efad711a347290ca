internal import Synchronization

/// The text of a statement and the types of its parameters, which is prepared once on each connection that uses it.
///
/// Make one of each text, and keep it: two with the same text are prepared twice.
final class Statement: Sendable {
  let sql: String
  let parameterTypes: [ValueType]
  /// Its name on the server; `nil` if it is sent with its text each time.
  let preparedName: String?
  /// Differs between all statements of the process.
  let number: Int
  /// True if it commits an explicit transaction.
  let isCommit: Bool

  /// - Parameter sql: One statement, with its parameters as `$1`, `$2` …
  convenience init(_ sql: String, _ parameterTypes: ValueType...) {
    self.init(sql, parameterTypes, isPrepared: true)
  }

  /// Creates a statement that is used seldom, so that it is not prepared.
  static func once(_ sql: String, _ parameterTypes: ValueType...) -> Statement {
    Statement(sql, parameterTypes, isPrepared: false)
  }

  init(_ sql: String, _ parameterTypes: [ValueType], isPrepared: Bool = true) {
    self.sql = sql
    self.parameterTypes = parameterTypes
    number = Self.count.add(1, ordering: .relaxed).newValue
    preparedName = isPrepared ? "evento_\(number)" : nil
    isCommit = sql.utf8.starts(with: "COMMIT".utf8)
  }

  private static let count = Atomic(0)

  /// Later statements of the transaction see what was committed before them, whatever the default of the server or role
  /// is: https://www.postgresql.org/docs/15/transaction-iso.html#XACT-READ-COMMITTED
  static let begin = Statement("BEGIN ISOLATION LEVEL READ COMMITTED")
  static let commit = Statement("COMMIT")
  static let rollback = Statement("ROLLBACK")
}

/// A type of PostgreSQL, by its object identifier, which is the same on every server (`pg_type.dat` in PostgreSQL's
/// sources, or `SELECT oid, typname FROM pg_type`).
enum ValueType: UInt32 {
  case bool = 16
  case bytea = 17
  case int8 = 20
  case int2 = 21
  case int4 = 23
  case text = 25
  case uuid = 2950
  case boolArray = 1000
  case byteaArray = 1001
  case int2Array = 1005
  case int4Array = 1007
  case textArray = 1009
  case int8Array = 1016
  case uuidArray = 2951

  /// The type of an array with elements of this type; `nil` for an array.
  var array: ValueType? {
    switch self {
    case .bool: .boolArray
    case .bytea: .byteaArray
    case .int8: .int8Array
    case .int2: .int2Array
    case .int4: .int4Array
    case .text: .textArray
    case .uuid: .uuidArray
    case .boolArray, .byteaArray, .int2Array, .int4Array, .textArray, .int8Array, .uuidArray: nil
    }
  }
}
