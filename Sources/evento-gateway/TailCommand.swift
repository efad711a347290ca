internal import ArgumentParser
internal import Evento
internal import EventoHTTP
internal import EventoWire
internal import Foundation

/// Follows a gateway's log from a terminal.
struct TailCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tail",
    abstract: "Follow the log of a gateway: an event a line, as it commits.",
    discussion: "The environment may name the gateway and the token: EVENTO_URL, EVENTO_TOKEN.")

  @Option(help: "Where the gateway is; http://127.0.0.1:8080 where nothing is said.")
  var url: String?

  @Option(help: "The bearer token. EVENTO_TOKEN keeps it out of the list of processes.")
  var token: String?

  @Option(help: "Only events of this type of aggregate.")
  var aggregatorType: String?

  @Option(help: "Only events of this aggregate; needs --aggregator-type.")
  var aggregatorId: String?

  @Option(help: "Only events of this name; needs --aggregator-type.")
  var name: String?

  @Option(help: "Only events with this routing key; empty: only those with none.")
  var routingKey: String?

  @Option(help: ArgumentHelp("now, beginning, or behind a cursor.", valueName: "place"))
  var from = "now"

  @Flag(help: "A JSON object a line, with cursor and node.")
  var json = false

  func validate() throws {
    guard aggregatorType != nil || aggregatorId == nil && name == nil else {
      throw ValidationError("--aggregator-id and --name need --aggregator-type.")
    }
    _ = try start
  }

  private var start: Args.Start {
    get throws {
      switch from {
      case "now": return .now
      case "beginning": return .beginning
      default:
        do {
          return .after(try Cursor(from))
        } catch {
          throw ValidationError("--from is now, beginning or a cursor: \(error.detail)")
        }
      }
    }
  }

  func run() async throws {
    let environment = ProcessInfo.processInfo.environment
    // Ctrl-C and a reader that leaves, as `head` does, end it as they end any filter: by the signals' own way.
    var configuration = HTTPConfiguration()
    configuration.token = token ?? environment["EVENTO_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
    let address = url ?? environment["EVENTO_URL"].flatMap { $0.isEmpty ? nil : $0 } ?? "http://127.0.0.1:8080"
    let filters = aggregatorType.map { [ReadAggregator($0, id: aggregatorId, name: name)] }
    let key = routingKey.map { RoutingKey.value($0.isEmpty ? nil : $0) } ?? .all
    do {
      let executor = try HTTPExecutor(baseURL: address, configuration: configuration)
      // A follower waits for a gateway that is away. Here somebody waits in front of it, and is told.
      _ = try await executor.read([], routingKey: .all, args: .forward(first: 0))
      for try await edge in executor.follow(filters, routingKey: key, after: try start) {
        try FileHandle.standardOutput.write(contentsOf: EventLine(edge).text(asJSON: json))
      }
    } catch let error as EventoError {
      FileHandle.standardError.write(Data("evento-gateway: \(error)\n".utf8))
      throw ExitCode.failure
    }
  }
}

/// An event as a line of text.
struct EventLine {
  let edge: Edge<Event>

  init(_ edge: Edge<Event>) {
    self.edge = edge
  }

  func text(asJSON: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    if asJSON {
      StreamFormat.ndjson.append(edge, .auto, to: &bytes)
    } else {
      bytes += Array(readable.utf8) + [UInt8(ascii: "\n")]
    }
    return bytes
  }

  /// Time, type and id, version, name, payload.
  private var readable: String {
    let event = edge.node
    let time = Date(timeIntervalSince1970: Double(event.timestamp.milliseconds) / 1000)
      .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    let payload = event.data.text.map { Self.plain($0, 120) } ?? "(\(event.data.bytes.count) bytes)"
    return "\(time)  \(Self.plain(event.aggregatorType))/\(Self.plain(event.aggregatorID))"
      + "  v\(event.version)  \(Self.plain(event.name))  \(payload)"
  }

  /// Without what could steer a terminal, or break the line: control characters, those of C1 too, line and paragraph
  /// separators and what turns the direction of writing.
  private static func plain(_ text: String, _ limit: Int = .max) -> String {
    var plain = ""
    var count = 0
    for scalar in text.unicodeScalars {
      guard count < limit else { return plain + "…" }
      count += 1
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .surrogate, .privateUse:
        plain.append("·")
      default: plain.unicodeScalars.append(scalar)
      }
    }
    return plain
  }
}
