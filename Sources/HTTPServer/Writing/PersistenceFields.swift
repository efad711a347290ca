/// What a response says of a connection that goes on.
///
/// Clients that keep connections heed the time (RFC 2068 §19.7.1.1), and so send no request to one that is closed at that
/// moment. HTTP/1.1 needs no `Connection: keep-alive`, but what `Keep-Alive` says counts if it is named there
/// (RFC 9110 §7.6.1), and clients of HTTP/1.0 ask for it.
struct PersistenceFields {
  let lines: [UInt8]

  /// - Parameter idle: how long the connection may stay open. A tenth less is promised, for what is on its way.
  init(idle: Duration) {
    let promised = (idle - idle / 10).components.seconds
    lines = Array(("Connection: keep-alive\r\n" + (promised > 0 ? "Keep-Alive: timeout=\(promised)\r\n" : "")).utf8)
  }
}
