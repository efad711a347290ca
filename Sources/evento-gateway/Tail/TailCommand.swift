internal import ArgumentParser
internal import Evento
internal import EventoHTTP
internal import Foundation

/// Follows a gateway's log from a terminal.
struct TailCommand: AsyncParsableCommand, SignalTaker {
  static let signals = [SIGINT, SIGTERM]

  static let configuration = CommandConfiguration(
    commandName: "tail",
    abstract: "Follow the log of a gateway: an event a line, as it commits.",
    discussion: "The environment may name the gateway and the token: EVENTO_URL, EVENTO_TOKEN.")

  @Option(help: "URL of the gateway. (default: http://127.0.0.1:8080)")
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

  @Flag(help: "One JSON object per line, with type, cursor and node. Control characters are not escaped.")
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
          return .after(try Cursor(parsing: from))
        } catch {
          throw ValidationError("--from is now, beginning or a cursor: \(error.detail)")
        }
      }
    }
  }

  /// How it ended.
  private enum End {
    case follower, signal, impatience
  }

  func run() async throws {
    let signals = Signals(Self.signals)
    // A reader that leaves, as `head` does, shows as an error of the write.
    signal(SIGPIPE, SIG_IGN)
    let follower = Task { try await follow() }
    let (ends, ended) = AsyncStream.makeStream(of: End.self)
    Task {
      _ = await follower.result
      ended.yield(.follower)
    }
    Task {
      for await _ in signals.received { ended.yield(.signal) }
    }
    for await end in ends {
      switch end {
      case .follower: return try await follower.value
      case .impatience: return
      case .signal:
        // It ends between two lines, unless nobody takes the one that it is at.
        follower.cancel()
        Task {
          // Nobody cancels it.
          try? await Task.sleep(for: .seconds(1))
          ended.yield(.impatience)
        }
      }
    }
  }

  private func follow() async throws {
    let environment = ProcessInfo.processInfo.environment
    var configuration = HTTPConfiguration()
    configuration.token = token ?? environment["EVENTO_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
    configuration.logger = TailWatch.logger
    let variable = environment["EVENTO_URL"].flatMap { $0.isEmpty ? nil : $0 }
    let address = url ?? variable ?? "http://127.0.0.1:8080"
    configuration.baseURLSetting = url == nil && variable != nil ? "EVENTO_URL" : "--url"
    let filters = aggregatorType.map { [ReadAggregator($0, id: aggregatorId, name: name)] }
    let key = routingKey.map { RoutingKey.value($0.isEmpty ? nil : $0) } ?? .all
    let output = StandardOutput()
    do {
      let executor = try HTTPExecutor(baseURL: address, configuration: configuration)
      let watch = try TailWatch(address, configuration)
      try await watch.begin()
      // A follower waits for a gateway that is away. Here a person may wait for it in vain.
      _ = try await executor.read([], routingKey: .all, args: .forward(first: 0))
      let watching = Task { await watch.run() }
      defer { watching.cancel() }
      for try await edge in executor.follow(filters, routingKey: key, after: try start) {
        try await output.write(EventLine(edge).text(asJSON: json))
      }
    } catch let error where !Task.isCancelled {
      if case StandardOutput.Failure.nobodyReads = error { return }
      throw error
    } catch {
      // What a signal cut short is no failure.
    }
  }
}
