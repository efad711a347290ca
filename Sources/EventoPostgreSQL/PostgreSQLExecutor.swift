internal import Dispatch
internal import Evento
internal import EventoStorage

/// A store in a PostgreSQL database (version 14 or later), which any number of executors on any number of machines can
/// use at the same time.
///
/// It requires PostgreSQL's client library libpq at run time (the Debian package `libpq5`), and loads it when a store is
/// opened.
///
/// Close it with ``close()`` before you release it.
public final class PostgreSQLExecutor: Sendable {
  let configuration: PostgreSQLConfiguration
  let writer: Writer
  let connections: ConnectionPool
  let announcer: CommitAnnouncer
  private let listener: CommitListener
  /// The URL without passwords and parameters.
  package let name: String
  /// True if opening has created the store.
  package let isNew: Bool

  /// Opens the store of a database. If it has none, creates its tables.
  ///
  /// - Throws: `unavailable` if the database can't be reached or can't hold a store, or if libpq is missing or older
  ///   than version 14; `invalid_request` if the URL is invalid.
  public static func open(_ configuration: PostgreSQLConfiguration) async throws -> PostgreSQLExecutor {
    let result = await withCheckedContinuation { continuation in
      // Connecting blocks.
      DispatchQueue.global().async {
        continuation.resume(returning: Result { try PostgreSQLExecutor(blocking: configuration) })
      }
    }
    do {
      return try result.get()
    } catch let failure as PostgreSQLFailure {
      throw failure.error
    } catch {
      throw EventoError(wrapping: error)
    }
  }

  private init(blocking configuration: PostgreSQLConfiguration) throws {
    self.configuration = configuration
    let settings = try ConnectionSettings(
      configuration.url, schema: configuration.schema, timeout: configuration.requestTimeout)
    name = settings.description
    let connection = try Connection(settings)
    isNew = try Schema.prepare(
      connection,
      Schema.Rules(
        allowsAsynchronousCommit: configuration.allowsAsynchronousCommit,
        createsTables: configuration.createsTables), notify: configuration.notify)
    let store = try StoreRow(try connection.run(StoreRow.statement))
    // Unique to the store: a database can have several.
    let channel = "evento_\(store.origin)"
    let now = configuration.now
    announcer = CommitAnnouncer(end: store.end)
    let connections = ConnectionPool(settings, sessions: max(configuration.readers, 1))
    self.connections = connections
    listener = try CommitListener(
      settings, channel: channel, announcer: announcer, connections: connections, notify: configuration.notify)
    writer = Writer(
      WriterSession(connection, channel: channel, now: now), waitingLimit: max(configuration.waitingWrites, 1),
      announcer: announcer,
      health: WriterHealth(
        server: connection.server, stuckAfter: configuration.requestTimeout, notify: configuration.notify)
    ) { [announcer] () throws(PostgreSQLFailure) in
      let connection = try Connection(settings)
      // Before the first write on it is confirmed: no read may come from the server before.
      connections.renew()
      announcer.beginEpoch()
      return WriterSession(connection, channel: channel, now: now)
    }
    listener.start()
  }

  /// Refuses writes that have not begun, and all later ones, as `unavailable`. Reads continue.
  package func refuseWrites() {
    writer.refuse()
  }

  /// Completes the calls in flight, and closes the connections. Later calls throw `unavailable`.
  public func close() async {
    await listener.close()
    await connections.close()
    await writer.close()
  }
}
