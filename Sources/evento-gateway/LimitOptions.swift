internal import ArgumentParser
internal import Evento
internal import EventoGateway
internal import EventoSQLite
internal import HTTPServer

/// The limits of `serve`, each with the default of the part that keeps it.
struct LimitOptions: ParsableArguments {
  @Option(help: "Bytes of a request's body.")
  var maxBodyBytes = GatewayConfiguration().bodyBytes

  @Option(help: "Bytes of one payload.")
  var maxPayloadBytes = GatewayConfiguration().payloadBytes

  @Option(help: "Bytes of one event's metadata.")
  var maxMetadataBytes = GatewayConfiguration().metadataBytes

  @Option(help: "Events of one write.")
  var maxEventsPerWrite = GatewayConfiguration().eventsPerWrite

  @Option(help: "Requests that are worked on at once.")
  var maxRequestsInFlight = GatewayConfiguration().requestsInFlight

  @Option(help: "Events of one page.")
  var maxPageEvents = SQLiteConfiguration().pageEvents

  @Option(help: "Bytes of payloads and metadata of one page; a larger event comes alone.")
  var maxPageBytes = SQLiteConfiguration().pageBytes

  func validate() throws {
    let values = [
      ("--max-body-bytes", maxBodyBytes), ("--max-payload-bytes", maxPayloadBytes),
      ("--max-metadata-bytes", maxMetadataBytes), ("--max-events-per-write", maxEventsPerWrite),
      ("--max-requests-in-flight", maxRequestsInFlight), ("--max-page-events", maxPageEvents),
      ("--max-page-bytes", maxPageBytes),
    ]
    for (name, value) in values where value < 1 {
      throw ValidationError("\(name) must be at least 1, and is \(value).")
    }
  }

  var gateway: GatewayConfiguration {
    var configuration = GatewayConfiguration()
    configuration.bodyBytes = maxBodyBytes
    configuration.payloadBytes = maxPayloadBytes
    configuration.metadataBytes = maxMetadataBytes
    configuration.eventsPerWrite = maxEventsPerWrite
    configuration.requestsInFlight = maxRequestsInFlight
    return configuration
  }

  var store: SQLiteConfiguration {
    var configuration = SQLiteConfiguration()
    configuration.pageEvents = maxPageEvents
    configuration.pageBytes = maxPageBytes
    return configuration
  }

  var server: ServerConfiguration {
    ServerConfiguration()
  }
}
