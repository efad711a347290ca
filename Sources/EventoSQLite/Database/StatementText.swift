/// The text of a statement, to find that again by.
///
/// Hashed by its length, which few have in common: to hash all of a text takes longer than to run some statements.
struct StatementText: Hashable {
  let sql: String

  func hash(into hasher: inout Hasher) {
    hasher.combine(sql.utf8.count)
  }
}
