internal import ArgumentParser
internal import Evento
internal import EventoGateway
internal import EventoSQLite
internal import HTTPServer

/// How much `serve` takes: each limit with the default of the part that keeps it.
struct LimitOptions: ParsableArguments {
  @Option(help: "Bytes of a request's body.")
  var maxBodyBytes = GatewayConfiguration().bodyBytes

  @Option(help: "Bytes of the bodies of all requests that are not answered yet.")
  var maxTotalBodyBytes = ServerConfiguration().totalBodyBytes

  @Option(help: "Bytes of one payload.")
  var maxPayloadBytes = GatewayConfiguration().payloadBytes

  @Option(help: "Bytes of one event's metadata.")
  var maxMetadataBytes = GatewayConfiguration().metadataBytes

  @Option(help: "Events of one write.")
  var maxEventsPerWrite = GatewayConfiguration().eventsPerWrite

  @Option(help: "Events of one page.")
  var maxPageEvents = SQLiteConfiguration().pageEvents

  @Option(help: "Bytes of one page's answer; a larger event comes alone.")
  var maxPageBytes = GatewayConfiguration().pageBytes

  @Option(help: "Requests that are worked on at once.")
  var maxRequestsInFlight = GatewayConfiguration().requestsInFlight

  @Option(help: "Streams, and reads that wait for events.")
  var maxFollowers = GatewayConfiguration().followers

  @Option(
    help: """
      Maximum bytes of the filters of all streams and waiting reads, plus 256 for each filter. Equal filter sets count \
      once.
      """)
  var maxTotalFilterBytes = GatewayConfiguration().totalFilterBytes

  @Option(help: "Writes that wait for the disk.")
  var maxWaitingWrites = SQLiteConfiguration().waitingWrites

  @Option(help: "Connections that are open at once.")
  var maxConnections = ServerConfiguration().connections

  @Option(help: "Connections that are open at once from one address; behind a proxy all come from one.")
  var maxConnectionsPerPeer = ServerConfiguration().connectionsPerPeer

  @Option(help: "Bytes of a request line.")
  var maxRequestLineBytes = ServerConfiguration().requestLineBytes

  @Option(help: "Bytes of a header section.")
  var maxHeaderBytes = ServerConfiguration().headerBytes

  @Option(help: "Fields of a header section.")
  var maxHeaderFields = ServerConfiguration().headerFields

  @Option(help: "Bytes of all chunk extensions of a body.")
  var maxChunkExtensionBytes = ServerConfiguration().chunkExtensionBytes

  @Option(
    help: "Bytes of answers that wait for one connection before its next request is read; an eighth for a stream.")
  var maxBufferedBytes = ServerConfiguration().bufferedBytes

  @Option(help: "Bytes of answers that wait for all clients; past it, the slowest are cut off.")
  var maxTotalAnswerBytes = ServerConfiguration().totalAnswerBytes

  /// Each option, its value, and the range that it may be in: no more than this program and the system can count or keep.
  var settings: [Setting] {
    [
      Setting("--max-body-bytes", maxBodyBytes, Self.item),
      Setting("--max-total-body-bytes", maxTotalBodyBytes, Self.total),
      Setting("--max-payload-bytes", maxPayloadBytes, Self.item),
      Setting("--max-metadata-bytes", maxMetadataBytes, Self.item),
      Setting("--max-events-per-write", maxEventsPerWrite, Self.events),
      Setting("--max-page-events", maxPageEvents, Self.events),
      Setting("--max-page-bytes", maxPageBytes, Self.item),
      Setting("--max-requests-in-flight", maxRequestsInFlight, Self.crowd),
      Setting("--max-followers", maxFollowers, Self.crowd),
      Setting("--max-total-filter-bytes", maxTotalFilterBytes, Self.total),
      Setting("--max-waiting-writes", maxWaitingWrites, Self.crowd),
      Setting("--max-connections", maxConnections, Self.crowd),
      Setting("--max-connections-per-peer", maxConnectionsPerPeer, Self.crowd),
      Setting("--max-request-line-bytes", maxRequestLineBytes, Self.head),
      Setting("--max-header-bytes", maxHeaderBytes, Self.head),
      Setting("--max-header-fields", maxHeaderFields, 1...10_000),
      Setting("--max-chunk-extension-bytes", maxChunkExtensionBytes, Self.head),
      Setting("--max-buffered-bytes", maxBufferedBytes, Self.item),
      Setting("--max-total-answer-bytes", maxTotalAnswerBytes, Self.total),
    ]
  }

  /// Bytes of what one request or answer has in memory: 1 GiB, which is more than SQLite takes as a value
  /// (https://sqlite.org/limits.html).
  private static let item = 1...1 << 30
  /// Bytes of all of them: 1 TiB.
  private static let total = 1...1 << 40
  /// Bytes of the parts of a head: 16 MiB.
  private static let head = 1...16 << 20
  /// The most events that a client can ask for at once, and more than a commit should have.
  private static let events = 1...65_535
  /// A million, which is about as many descriptors as a process can have.
  private static let crowd = 1...1_000_000

  func validate() throws {
    try Setting.check(settings)
  }

  func apply(to configuration: inout GatewayConfiguration) {
    configuration.bodyBytes = maxBodyBytes
    configuration.payloadBytes = maxPayloadBytes
    configuration.metadataBytes = maxMetadataBytes
    configuration.eventsPerWrite = maxEventsPerWrite
    configuration.requestsInFlight = maxRequestsInFlight
    configuration.followers = maxFollowers
    configuration.totalFilterBytes = maxTotalFilterBytes
    configuration.pageBytes = maxPageBytes
  }

  func apply(to configuration: inout SQLiteConfiguration) {
    configuration.pageEvents = maxPageEvents
    configuration.pageBytes = maxPageBytes
    configuration.waitingWrites = maxWaitingWrites
  }

  func apply(to configuration: inout ServerConfiguration) {
    configuration.connections = maxConnections
    configuration.connectionsPerPeer = maxConnectionsPerPeer
    configuration.requestLineBytes = maxRequestLineBytes
    configuration.headerBytes = maxHeaderBytes
    configuration.headerFields = maxHeaderFields
    configuration.chunkExtensionBytes = maxChunkExtensionBytes
    configuration.bufferedBytes = maxBufferedBytes
    configuration.totalAnswerBytes = maxTotalAnswerBytes
    configuration.totalBodyBytes = maxTotalBodyBytes
  }
}
