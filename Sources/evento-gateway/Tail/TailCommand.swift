internal import ArgumentParser
internal import Evento
internal import EventoHTTP
internal import Foundation

/// Follows a gateway's log from a terminal.
struct TailCommand: AsyncParsableCommand, SignalHandling {
  static let signals = [SIGINT, SIGTERM]

  static let configuration = CommandConfiguration(
    commandName: "tail",
    abstract: "Follow the log of a gateway: one line per event, as it commits.",
    discussion: "EVENTO_URL and EVENTO_TOKEN can be set instead of --url and --token.")

  @Option(help: "URL of the gateway. (default: http://127.0.0.1:8080)")
  var url: String?

  @Option(help: "Bearer token. EVENTO_TOKEN keeps it out of the list of processes.")
  var token: String?

  @OptionGroup var filter: FilterOptions

  @Option(
    help: ArgumentHelp("Where to begin: now, beginning, or the cursor of the last event seen.", valueName: "position"))
  var from = "now"

  @Flag(
    help:
      "Print each event as one line of JSON with type, cursor and node, for programs. Control characters are not escaped."
  )
  var json = false

  func validate() throws {
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
          throw ValidationError("--from must be now, beginning or a cursor, but is \"\(from)\".")
        }
      }
    }
  }

  /// An event because of which the command may end.
  private enum End {
    case followerEnded, signal, timeout
  }

  func run() async throws {
    let signals = Signals(Self.signals)
    // A reader that exits, like `head`, causes a write error.
    signal(SIGPIPE, SIG_IGN)
    let follower = Task { try await follow() }
    let (ends, ended) = AsyncStream.makeStream(of: End.self)
    Task {
      _ = await follower.result
      ended.yield(.followerEnded)
    }
    Task {
      for await _ in signals.received { ended.yield(.signal) }
    }
    for await end in ends {
      switch end {
      case .followerEnded: return try await follower.value
      case .timeout: return
      case .signal:
        // It ends between two lines, unless the current one is not read.
        follower.cancel()
        Task {
          // It is never cancelled.
          try? await Task.sleep(for: .seconds(1))
          ended.yield(.timeout)
        }
      }
    }
  }

  private func follow() async throws {
    let source = GatewaySource(url: url, token: token, environment: ProcessInfo.processInfo.environment)
    let output = QueuedOutput()
    do {
      let executor = try HTTPExecutor(baseURL: source.url, configuration: source.configuration)
      let watch = try TailWatch(source.url, source.configuration)
      try await watch.begin()
      // A follower retries without end. Here, a person may be waiting.
      _ = try await executor.read([], routingKey: .all, args: .forward(first: 0))
      let watching = Task { await watch.run() }
      defer { watching.cancel() }
      for try await edge in executor.follow(filter.aggregators, routingKey: filter.key, after: try start) {
        try await output.write(EventLine(edge).text(asJSON: json))
      }
    } catch let error where !Task.isCancelled {
      if case StandardOutput.Failure.closedByReader = error { return }
      throw source.explained(error)
    } catch {
      // An interruption by a signal is not an error.
    }
  }
}
