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

  @Option(help: "Bytes of answers that wait for one connection before its next request is read; half for a stream.")
  var maxBufferedBytes = ServerConfiguration().bufferedBytes

  @Option(help: "Bytes of answers that wait for all clients; past it, the slowest are cut off.")
  var maxTotalAnswerBytes = ServerConfiguration().totalAnswerBytes

  /// Each option and its value.
  var values: [(name: String, value: Int)] {
    [
      ("--max-body-bytes", maxBodyBytes), ("--max-total-body-bytes", maxTotalBodyBytes),
      ("--max-payload-bytes", maxPayloadBytes),
      ("--max-metadata-bytes", maxMetadataBytes), ("--max-events-per-write", maxEventsPerWrite),
      ("--max-page-events", maxPageEvents), ("--max-page-bytes", maxPageBytes),
      ("--max-requests-in-flight", maxRequestsInFlight), ("--max-followers", maxFollowers),
      ("--max-waiting-writes", maxWaitingWrites),
      ("--max-connections", maxConnections), ("--max-connections-per-peer", maxConnectionsPerPeer),
      ("--max-request-line-bytes", maxRequestLineBytes), ("--max-header-bytes", maxHeaderBytes),
      ("--max-header-fields", maxHeaderFields), ("--max-chunk-extension-bytes", maxChunkExtensionBytes),
      ("--max-buffered-bytes", maxBufferedBytes), ("--max-total-answer-bytes", maxTotalAnswerBytes),
    ]
  }

  func validate() throws {
    for (name, value) in values where value < 1 {
      throw ValidationError("\(name) must be at least 1, and is \(value).")
    }
  }

  func apply(to configuration: inout GatewayConfiguration) {
    configuration.bodyBytes = maxBodyBytes
    configuration.payloadBytes = maxPayloadBytes
    configuration.metadataBytes = maxMetadataBytes
    configuration.eventsPerWrite = maxEventsPerWrite
    configuration.requestsInFlight = maxRequestsInFlight
    configuration.followers = maxFollowers
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
