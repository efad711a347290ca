internal import ArgumentParser
internal import Evento
internal import EventoGateway
internal import HTTPServer

/// The limits of `serve`, with the defaults of the parts that enforce them.
struct LimitOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp("Maximum bytes of a request body.", valueName: "bytes"))
  var maxBodyBytes = Number(GatewayConfiguration().bodyBytes)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Maximum bytes of all request bodies that are being received or processed.", valueName: "bytes"))
  var maxTotalBodyBytes = Number(ServerConfiguration().totalBodyBytes)

  @Option(parsing: .unconditional, help: ArgumentHelp("Maximum bytes of one payload.", valueName: "bytes"))
  var maxPayloadBytes = Number(GatewayConfiguration().payloadBytes)

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Maximum bytes of the metadata of one event.", valueName: "bytes"))
  var maxMetadataBytes = Number(GatewayConfiguration().metadataBytes)

  @Option(parsing: .unconditional, help: ArgumentHelp("Maximum number of events in one write.", valueName: "count"))
  var maxEventsPerWrite = Number(GatewayConfiguration().eventsPerWrite)

  @Option(parsing: .unconditional, help: ArgumentHelp("Maximum number of events in one page.", valueName: "count"))
  var maxPageEvents = Number(StoreSettings().pageEvents)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Maximum bytes of a page; a single larger event is a page of its own.", valueName: "bytes"))
  var maxPageBytes = Number(GatewayConfiguration().pageBytes)

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Maximum number of requests handled concurrently.", valueName: "count"))
  var maxRequestsInFlight = Number(GatewayConfiguration().requestsInFlight)

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Maximum number of streams and waiting reads.", valueName: "count"))
  var maxFollowers = Number(GatewayConfiguration().followers)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Maximum bytes of the filters of all streams and waiting reads, plus 256 for each aggregator. Equal filters \
      count once.
      """, valueName: "bytes"))
  var maxTotalFilterBytes = Number(GatewayConfiguration().totalFilterBytes)

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Maximum number of writes that wait for a commit.", valueName: "count"))
  var maxWaitingWrites = Number(StoreSettings().waitingWrites)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Maximum number of subscribers with lag metrics of their own: those furthest behind.", valueName: "count"))
  var maxSubscriberMetrics = Number(GatewayConfiguration().subscriberMetrics)

  @Option(parsing: .unconditional, help: ArgumentHelp("Maximum number of open connections.", valueName: "count"))
  var maxConnections = Number(ServerConfiguration().connections)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Maximum number of open connections from one address. Behind a proxy, all connections count as coming from one \
      address.
      """, valueName: "count"))
  var maxConnectionsPerPeer = Number(ServerConfiguration().connectionsPerPeer)

  @Option(parsing: .unconditional, help: ArgumentHelp("Maximum bytes of a request line.", valueName: "bytes"))
  var maxRequestLineBytes = Number(ServerConfiguration().requestLineBytes)

  @Option(parsing: .unconditional, help: ArgumentHelp("Maximum bytes of a header section.", valueName: "bytes"))
  var maxHeaderBytes = Number(ServerConfiguration().headerBytes)

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Maximum number of fields in a header section.", valueName: "count"))
  var maxHeaderFields = Number(ServerConfiguration().headerFields)

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Maximum bytes of all chunk extensions of a body.", valueName: "bytes"))
  var maxChunkExtensionBytes = Number(ServerConfiguration().chunkExtensionBytes)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Bytes of unsent responses at which a connection's next request is left unread; a stream waits at an eighth \
      of it, or at all of it while its client catches up quickly.
      """, valueName: "bytes"))
  var maxBufferedBytes = Number(ServerConfiguration().bufferedBytes)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Maximum bytes of unsent responses of all clients; beyond it, the slowest clients are disconnected.
      """, valueName: "bytes"))
  var maxTotalResponseBytes = Number(ServerConfiguration().totalResponseBytes)

  /// The options with their values and ranges: no more than this program and the system can count or hold.
  var settings: [Setting] {
    [
      Setting("--max-body-bytes", maxBodyBytes, Self.itemBytes),
      Setting("--max-total-body-bytes", maxTotalBodyBytes, Self.totalBytes),
      Setting("--max-payload-bytes", maxPayloadBytes, Self.itemBytes),
      Setting("--max-metadata-bytes", maxMetadataBytes, Self.itemBytes),
      Setting("--max-events-per-write", maxEventsPerWrite, Self.eventCount),
      Setting("--max-page-events", maxPageEvents, Self.eventCount),
      Setting("--max-page-bytes", maxPageBytes, Self.itemBytes),
      Setting("--max-requests-in-flight", maxRequestsInFlight, Self.count),
      Setting("--max-followers", maxFollowers, Self.count),
      Setting("--max-total-filter-bytes", maxTotalFilterBytes, Self.totalBytes),
      Setting("--max-waiting-writes", maxWaitingWrites, Self.count),
      Setting("--max-subscriber-metrics", maxSubscriberMetrics, 0...10_000),
      Setting("--max-connections", maxConnections, Self.count),
      Setting("--max-connections-per-peer", maxConnectionsPerPeer, Self.count),
      Setting("--max-request-line-bytes", maxRequestLineBytes, Self.headBytes),
      Setting("--max-header-bytes", maxHeaderBytes, Self.headBytes),
      Setting("--max-header-fields", maxHeaderFields, 1...10_000),
      Setting("--max-chunk-extension-bytes", maxChunkExtensionBytes, Self.headBytes),
      Setting("--max-buffered-bytes", maxBufferedBytes, Self.itemBytes),
      Setting("--max-total-response-bytes", maxTotalResponseBytes, Self.totalBytes),
    ]
  }

  /// The bytes that one request or response has in memory: 1 GiB, more than SQLite accepts as a value
  /// (https://sqlite.org/limits.html).
  private static let itemBytes = 1...1 << 30
  /// The bytes of all of them: 1 TiB.
  private static let totalBytes = 1...1 << 40
  /// The bytes of the parts of a head: 16 MiB.
  private static let headBytes = 1...16 << 20
  /// The maximum number of events that a client can request at once, and more than a commit should have.
  private static let eventCount = 1...65_535
  /// A million, about the maximum number of descriptors of a process.
  private static let count = 1...1_000_000

  func validate() throws {
    try Setting.check(settings)
  }

  func apply(to configuration: inout GatewayConfiguration) {
    configuration.bodyBytes = maxBodyBytes.value
    configuration.payloadBytes = maxPayloadBytes.value
    configuration.metadataBytes = maxMetadataBytes.value
    configuration.eventsPerWrite = maxEventsPerWrite.value
    configuration.requestsInFlight = maxRequestsInFlight.value
    configuration.followers = maxFollowers.value
    configuration.totalFilterBytes = maxTotalFilterBytes.value
    configuration.pageBytes = maxPageBytes.value
    configuration.subscriberMetrics = maxSubscriberMetrics.value
  }

  func apply(to settings: inout StoreSettings) {
    settings.pageEvents = maxPageEvents.value
    settings.pageBytes = maxPageBytes.value
    settings.waitingWrites = maxWaitingWrites.value
  }

  func apply(to configuration: inout ServerConfiguration) {
    configuration.connections = maxConnections.value
    configuration.connectionsPerPeer = maxConnectionsPerPeer.value
    configuration.requestLineBytes = maxRequestLineBytes.value
    configuration.headerBytes = maxHeaderBytes.value
    configuration.headerFields = maxHeaderFields.value
    configuration.chunkExtensionBytes = maxChunkExtensionBytes.value
    configuration.bufferedBytes = maxBufferedBytes.value
    configuration.totalResponseBytes = maxTotalResponseBytes.value
    configuration.totalBodyBytes = maxTotalBodyBytes.value
  }
}
