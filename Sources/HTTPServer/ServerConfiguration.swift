/// The limits of a server. Every default is suitable for a server that is open to the internet.
package struct ServerConfiguration: Sendable {
  /// The maximum size of a request line without its end; 414 above it. 16 KiB.
  package var requestLineBytes = 16 * 1024
  /// The maximum size of a header section, and of a trailer section; 431 above it. 32 KiB.
  package var headerBytes = 32 * 1024
  /// The maximum number of fields of a header section, and of a trailer section; 431 above it. 100.
  package var headerFields = 100
  /// The maximum size of all chunk extensions of a body; 413 above it. 4 KiB.
  package var chunkExtensionBytes = 4 * 1024
  /// The maximum time for a head from its first byte, then 408; and for a new connection until its first byte, then it is
  /// closed. 15 s.
  package var headTimeout = Duration.seconds(15)
  /// The time after which the rate of a body counts. 10 s.
  package var bodyGrace = Duration.seconds(10)
  /// The minimum rate of a body in bytes a second, counted from its beginning, once the grace is over; 408 below it. 1
  /// KiB.
  package var minimumBodyRate = 1024
  /// The maximum time that a connection stays open between two requests; `Keep-Alive` announces nine tenths of it. 150
  /// s: longer than clients usually keep one, because a request that meets its close can't always be sent again.
  package var idleTimeout = Duration.seconds(150)
  /// The maximum time for which a client takes no output that waits for it; then the connection is closed. 30 s.
  package var writeTimeout = Duration.seconds(30)
  /// The maximum time until a handler responds; then 503. The body of a stream has no deadline. 90 s.
  package var handlerTimeout = Duration.seconds(90)
  /// The maximum number of open connections; one more gets a 503. 16384.
  package var connections = 16_384
  /// The maximum number of open connections from one address (an IPv6 /64 counts as one); one more gets a 503. By
  /// default it equals ``connections``, because everything through a proxy comes from one address. Connections through
  /// a Unix socket do not count here.
  package var connectionsPerPeer = 16_384
  /// The number of threads that serve connections. 1.
  package var eventLoops = 1
  /// The maximum size of the responses that wait on one connection before its requests are left unread. The last
  /// response before that can exceed it. A stream waits at an eighth of it, or at all of it while its client catches up
  /// quickly. 256 KiB.
  package var bufferedBytes = 256 * 1024
  /// The maximum size of the responses that wait for all clients. Above it, those that have read nothing for the
  /// longest time are evicted. 512 MiB.
  package var totalResponseBytes = 512 * 1024 * 1024
  /// The maximum size of the bodies of all requests that are being received or handled; 503 above it. 512 MiB.
  package var totalBodyBytes = 512 * 1024 * 1024
  /// The maximum size of an unused body that is read so that the connection can stay open. 256 KiB.
  package var drainBytes = 256 * 1024
  /// The maximum size of input that is read after the last response, so that the client can read that (RFC 9112 §9.6).
  /// 32 MiB.
  package var lingerBytes = 32 * 1024 * 1024
  /// The maximum time after the last response until a client that still sends must close. 10 s.
  package var lingerTimeout = Duration.seconds(10)
  /// The maximum time after the last response until a client that sends nothing must close. 2 s.
  package var lingerIdleTimeout = Duration.seconds(2)
  /// The maximum number of connections that the kernel keeps until they are accepted; it has its own limit. 4096.
  package var backlog = 4096

  /// The way to wait for sockets.
  var poller = PollerKind.best

  /// Creates the default configuration.
  package init() {}

  var parserLimits: ParserLimits {
    ParserLimits(
      requestLineBytes: requestLineBytes, headerBytes: headerBytes, headerFields: headerFields,
      chunkExtensionBytes: chunkExtensionBytes)
  }
}
