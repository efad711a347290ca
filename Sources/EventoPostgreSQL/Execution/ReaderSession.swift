/// A connection of the pool with what was cached for it, which ends with it. Confined to one queue.
final class ReaderSession {
  let connection: Connection
  let names = NameTable()
  var filters = FilterCache()

  /// The term of the pool in which it was opened; see ``ReaderPool/renew()``.
  let term: Int

  init(_ connection: Connection, term: Int) {
    self.connection = connection
    self.term = term
  }
}
