/// The text of a statement, as a key to find it.
///
/// Hashed by its length, which few have in common: hashing the whole text takes longer than running some statements.
struct StatementText: Hashable {
  let sql: String

  func hash(into hasher: inout Hasher) {
    hasher.combine(sql.utf8.count)
  }
}
