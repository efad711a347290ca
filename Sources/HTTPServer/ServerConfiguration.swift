/// What a server allows. Every default is meant for a server that anyone can reach.
package struct ServerConfiguration: Sendable {
  /// Bytes of a request line without its end; 414 past it. 16 KiB.
  package var requestLineBytes = 16 * 1024
  /// Bytes of a header section, and of a trailer section; 431 past it. 32 KiB.
  package var headerBytes = 32 * 1024
  /// Fields of a header section, and of a trailer section; 431 past it. 100.
  package var headerFields = 100
  /// Bytes of all chunk extensions of a body; 413 past it. 4 KiB.
  package var chunkExtensionBytes = 4 * 1024
  /// How long a head may take from its first byte on, and a connection until its first byte; 408 past it. 15 s.
  package var headDeadline = Duration.seconds(15)
  /// How long a body may take before its rate counts. 10 s.
  package var bodyGrace = Duration.seconds(10)
  /// Bytes a second that a body has to come at, counted from its beginning, once the grace is over; 408 below. 1 KiB.
  package var minimumBodyRate = 1024
  /// How long a connection may stay open between two requests; nine tenths of it are promised (`Keep-Alive`). 150 s: longer
  /// than clients usually keep one, since a request that meets its close can't always be sent again.
  package var idleTimeout = Duration.seconds(150)
  /// How long a client may take nothing of what waits for it; the connection is closed past it. 30 s.
  package var writeDeadline = Duration.seconds(30)
  /// How long a handler may take to give its response; 503 past it. The body of a stream has no deadline. 90 s.
  package var handlerDeadline = Duration.seconds(90)
  /// Connections that are open at once; one more gets a 503. 16384.
  package var connections = 16_384
  /// Connections that are open at once from one address (an IPv6 /64 counts as one); one more gets a 503. No limit of
  /// its own (it equals ``connections``), since all that comes through a proxy comes from one address. What comes
  /// through a Unix socket does not count here.
  package var connectionsPerPeer = 16_384
  /// Threads that serve connections. 1.
  package var eventLoops = 1
  /// Bytes of responses that may wait on one connection before its requests are left unread; the last response before
  /// that may be longer. A stream waits at an eighth of it. 256 KiB.
  package var bufferedBytes = 256 * 1024
  /// Bytes of responses that may wait for all clients; past it, those that have read nothing for the longest time are
  /// evicted. 512 MiB.
  package var totalAnswerBytes = 512 * 1024 * 1024
  /// Bytes of the bodies of all requests that are being received or worked on; 503 past it. 512 MiB.
  package var totalBodyBytes = 512 * 1024 * 1024
  /// Bytes of a body that nobody wants which are read so that the connection can go on. 256 KiB.
  package var drainBytes = 256 * 1024
  /// Bytes that are read, after the last response, so that the client can read it (RFC 9112 §9.6). 32 MiB.
  package var lingerBytes = 32 * 1024 * 1024
  /// How long after the last response a client may take to close, while it goes on sending. 10 s.
  package var lingerTime = Duration.seconds(10)
  /// How long after the last response a client that sends nothing may take to close. 2 s.
  package var lingerTimeout = Duration.seconds(2)
  /// Connections that the kernel keeps until they are accepted; it has a bound of its own. 4096.
  package var backlog = 4096

  /// The way to wait for sockets.
  var poller = PollerKind.best

  /// The defaults.
  package init() {}

  var parserLimits: ParserLimits {
    ParserLimits(
      requestLineBytes: requestLineBytes, headerBytes: headerBytes, headerFields: headerFields,
      chunkExtensionBytes: chunkExtensionBytes)
  }
}
