/// A connection of the pool with what was cached for it, which ends with it. Confined to one queue.
final class ReaderSession {
  let connection: Connection
  let names = NameTable()
  var filters = FilterCache()

  init(_ connection: Connection) {
    self.connection = connection
  }
}
